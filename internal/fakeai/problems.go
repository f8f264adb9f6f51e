package fakeai

import (
	"net/http"
	"time"
)

// Problem is what is wrong, in the words of the package documentation. A
// status is a problem as well; its word is unexported.
type Problem string

// Problems that can be asked for.
const (
	RateLimit   Problem = "rate"       // too many requests for now
	Quota       Problem = "quota"      // money or allowance used up
	Quota1308   Problem = "1308"       // the same, with the moment of its reset in the text
	Auth        Problem = "auth"       // the key is refused
	Billing     Problem = "billing"    // no credit
	Context     Problem = "context"    // the request is too long for the model
	Filter      Problem = "filter"     // the request is refused by policy
	Prefill     Problem = "prefill"    // the last turn is the assistant's, and may not be
	NoModel     Problem = "nomodel"    // the model is not known
	Overloaded  Problem = "overloaded" // the service is overloaded
	ServerError Problem = "server"     // the service failed
)

// problem is an error in the words of each format. In texts {model} stands for
// the model, {reset} for the moment the limit is reset.
type problem struct {
	status    int
	anthropic [2]string // type, message
	openai    [4]string // type, code, param, message
	gemini    [2]string // status, message
}

var problems = map[Problem]problem{
	RateLimit: {
		429,
		[2]string{"rate_limit_error", "Number of requests has exceeded your per-minute rate limit. Please try again later."},
		[4]string{"requests", "rate_limit_exceeded", "", "Rate limit reached for {model} on requests per min (RPM): Limit 500, Used 500, Requested 1. Please try again later."},
		[2]string{"RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."},
	},
	Quota: {
		429,
		[2]string{"rate_limit_error", "You have reached your specified API usage limits. You will regain access on {reset} UTC."},
		[4]string{"insufficient_quota", "insufficient_quota", "", "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."},
		[2]string{"RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details."},
	},
	Quota1308: {
		429,
		[2]string{"1308", "已达到 5 小时的使用上限。您的限额将在 {reset} 重置。"},
		[4]string{"", "1308", "", "已达到 5 小时的使用上限。您的限额将在 {reset} 重置。"},
		[2]string{"1308", "已达到 5 小时的使用上限。您的限额将在 {reset} 重置。"},
	},
	Auth: {
		401,
		[2]string{"authentication_error", "invalid x-api-key"},
		[4]string{"invalid_request_error", "invalid_api_key", "", "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."},
		[2]string{"INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."},
	},
	Billing: {
		402,
		[2]string{"billing_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."},
		[4]string{"billing_error", "billing_hard_limit_reached", "", "Insufficient Balance"},
		[2]string{"FAILED_PRECONDITION", "Billing is not enabled for this project."},
	},
	Context: {
		400,
		[2]string{"invalid_request_error", "prompt is too long: 218849 tokens > 200000 maximum"},
		[4]string{"invalid_request_error", "context_length_exceeded", "messages", "This model's maximum context length is 128000 tokens. However, your messages resulted in 140339 tokens. Please reduce the length of the messages."},
		[2]string{"INVALID_ARGUMENT", "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."},
	},
	Filter: {
		400,
		[2]string{"invalid_request_error", "Output blocked by content filtering policy"},
		[4]string{"", "content_filter", "prompt", "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry."},
		[2]string{"INVALID_ARGUMENT", "The request was blocked by safety settings: PROHIBITED_CONTENT."},
	},
	Prefill: {
		400,
		[2]string{"invalid_request_error", "This model does not support assistant message prefill. The conversation must end with a user message."},
		[4]string{"invalid_request_error", "invalid_value", "messages", "The last message must have role `user` or `tool`."},
		[2]string{"INVALID_ARGUMENT", "Please ensure that multiturn requests end with a user role or a function response."},
	},
	NoModel: {
		404,
		[2]string{"not_found_error", "model: {model}"},
		[4]string{"invalid_request_error", "model_not_found", "", "The model `{model}` does not exist or you do not have access to it."},
		[2]string{"NOT_FOUND", "models/{model} is not found for API version v1beta, or is not supported for generateContent. Call ModelService.ListModels to see the list of available models and their supported methods."},
	},
	Overloaded: {
		529,
		[2]string{"overloaded_error", "Overloaded"},
		[4]string{"service_unavailable_error", "server_is_overloaded", "", "Our servers are currently overloaded. Please try again later."},
		[2]string{"UNAVAILABLE", "The model is overloaded. Please try again later."},
	},
	ServerError: {
		500,
		[2]string{"api_error", "Internal server error"},
		[4]string{"server_error", "server_error", "", "The server had an error while processing your request. Sorry about that!"},
		[2]string{"INTERNAL", "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"},
	},
	noEndpoint: {
		404,
		[2]string{"not_found_error", "Not Found"},
		[4]string{"invalid_request_error", "", "", "Invalid URL"},
		[2]string{"NOT_FOUND", "Requested entity was not found."},
	},
	badRequest: {
		400,
		[2]string{"invalid_request_error", "The request body is not valid JSON."},
		[4]string{"invalid_request_error", "", "", "We could not parse the JSON body of your request."},
		[2]string{"INVALID_ARGUMENT", "Invalid JSON payload received."},
	},
	noResponse: {
		404,
		[2]string{"not_found_error", "Not Found"},
		[4]string{"invalid_request_error", "", "", "Response with id '{id}' not found."},
		[2]string{"NOT_FOUND", "Requested entity was not found."},
	},
	noPrevious: {
		400,
		[2]string{"not_found_error", "Not Found"},
		[4]string{"invalid_request_error", "previous_response_not_found", "previous_response_id", "Previous response with id '{id}' not found."},
		[2]string{"NOT_FOUND", "Requested entity was not found."},
	},
	otherClient: {
		400,
		[2]string{"invalid_request_error", "The request was not accepted."},
		[4]string{"invalid_request_error", "", "", "The request was not accepted."},
		[2]string{"INVALID_ARGUMENT", "Request contains an invalid argument."},
	},
}

// Problems that follow from a request or a status.
const (
	noEndpoint  Problem = "(no endpoint)"
	badRequest  Problem = "(bad request)"
	noResponse  Problem = "(no response)"
	noPrevious  Problem = "(no previous response)"
	otherClient Problem = "(other)"
)

// problemOf is the problem that a status usually stands for.
func problemOf(status int) Problem {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return Auth
	case http.StatusPaymentRequired:
		return Billing
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return noEndpoint
	case http.StatusTooManyRequests:
		return RateLimit
	case http.StatusServiceUnavailable, 529:
		return Overloaded
	}
	if status < 500 {
		return otherClient
	}
	return ServerError
}

// shanghai is the zone that 1308 names its moment in, without saying so.
var shanghai = time.FixedZone("CST", 8*60*60)
