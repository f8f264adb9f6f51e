package health

import (
	"slices"

	"github.com/ccload/ccload/ai"
)

// row is one line of the table. All columns that are filled must fit; within
// one column one entry is enough. The first row that fits decides.
type row struct {
	name   string            // stable: it is Outcome.Rule
	seen   []ai.Kind         // what the relay saw; empty: an answer to read
	status statuses          // HTTP status, or the one inside; empty: any
	codes  []string          // error code or type, lower case
	text   []string          // of the message, lower case; * stands for anything between
	body   []string          // of the raw body, lower case: fields that have no place in ai.Failure
	when   func(*facts) bool // what no column can say

	kind  ai.Kind
	scope ai.Scope
	until resetter // where the end of the cooldown is found; nil: where every answer of this kind has it
}

// statuses are HTTP statuses; a number below 10 stands for its whole class.
type statuses []int

func (s statuses) has(status int) bool {
	return slices.Contains(s, status) || slices.Contains(s, status/100)
}

// Sets of statuses that several rows share. 2 is a soft error: an error inside
// a good status.
var (
	callers  = statuses{2, 400, 403, 413, 422, 451, 500} // where a complaint about the request may stand
	limits   = statuses{2, 403, 429, 5}                  // where a limit may stand without its code
	troubled = statuses{2, 400, 403, 409, 429, 5}        // where an overload may stand without its code
)

// answers are the kinds of evidence that have an answer to read.
var answers = []ai.Kind{ai.OK, ai.SoftError, ai.BadAnswer}

// table is how an attempt is judged. The order is: what has no answer; pages
// that something in front of the service wrote; codes that mean one thing;
// texts that mean one thing; codes that mean anything; the bare status.
//
// The shapes are those of recorded answers and of these references, read in
// November 2026: docs.anthropic.com/en/api/errors,
// platform.openai.com/docs/guides/error-codes, ai.google.dev/gemini-api/docs/troubleshooting,
// docs.bigmodel.cn/cn/api/api-code (the four-digit codes; docs.z.ai has the
// same), alibabacloud.com/help/en/model-studio/error-code, Moonshot, Groq,
// Azure, Bedrock, OpenRouter, and the relays one-api and new-api.
var table = []row{
	// No answer to read.
	{name: "client_gone", seen: kinds(ai.ClientGone), kind: ai.ClientGone, scope: ai.ScopeNone},
	{name: "ended", seen: kinds(ai.Ended), kind: ai.Ended, scope: ai.ScopeNone},
	{name: "connect_timeout", seen: kinds(ai.Timeout), when: phase("connect"), kind: ai.NetworkError, scope: ai.ScopeURL},
	{name: "timeout", seen: kinds(ai.Timeout), kind: ai.Timeout, scope: ai.ScopeURLModel},
	{name: "network", seen: kinds(ai.NetworkError), kind: ai.NetworkError, scope: ai.ScopeURL},
	{name: "truncated", seen: kinds(ai.Truncated), kind: ai.Truncated, scope: ai.ScopeURLModel},
	{name: "empty", seen: kinds(ai.Empty), kind: ai.Empty, scope: ai.ScopeURLModel},
	{name: "content_filter", seen: kinds(ai.ContentFilter), kind: ai.ContentFilter, scope: ai.ScopeNone},

	// Pages: a front door speaks, not the service, so the key is not to blame.
	{name: "page_too_large", status: statuses{413, 414, 431}, when: page, kind: ai.InvalidRequest, scope: ai.ScopeNone},
	{name: "page_rate_limit", status: statuses{429}, when: page, kind: ai.RateLimited, scope: ai.ScopeURL},
	{name: "page_not_found", status: statuses{404, 405, 410}, when: page, kind: ai.NoSuchEndpoint, scope: ai.ScopeURLProtocol},
	{name: "page_refused", status: statuses{4}, when: page, kind: ai.ServerError, scope: ai.ScopeURL},
	{name: "origin_down", status: statuses{521, 522, 523, 525, 526, 530}, kind: ai.ServerError, scope: ai.ScopeURL},
	{name: "redirect", status: statuses{3}, kind: ai.BadAnswer, scope: ai.ScopeURL},

	// An answer the size of the request can never get, dressed as a limit.
	{name: "larger_than_limit", text: []string{"request too large for*tokens per min", "request too large for model"}, kind: ai.ContextLength, scope: ai.ScopeNone},

	// Money and allowances, by code.
	{name: "usage_limit_code", codes: []string{
		"1308", "1310", "1316", "usage_limit_reached", "usage_limit_exceeded", "daily_limit_exceeded", "1304",
		"free_tier_budget_exceeded", "api_key_quota_exhausted", "quota_exceeded", "quotaexceeded",
	}, kind: ai.QuotaExhausted, scope: ai.ScopeKey, until: saidReset},
	{name: "model_plan_code", codes: []string{"1311", "usage_not_included", "allocationquota.freetieronly"}, kind: ai.QuotaExhausted, scope: ai.ScopeKeyModel},
	{name: "balance_code", codes: []string{
		"insufficient_quota", "insufficient_user_quota", "insufficient_balance", "insufficient_credits", "billing_error",
		"billing_hard_limit_reached", "billing_not_active", "credit_balance_too_low", "exceeded_current_quota_error",
		"arrearage", "1113", "1309", "payment_required", "pre_consume_token_quota_failed", "insufficient_token_quota",
		"token_quota_exhausted", "tokenstatusexhausted", "quota_not_enough", "subscription_quota_exceeded",
	}, kind: ai.QuotaExhausted, scope: ai.ScopeKey},
	{name: "model_cooldown_code", codes: []string{"model_cooldown"}, kind: ai.RateLimited, scope: ai.ScopeModel},

	// The account and the key, by code.
	{name: "account_code", codes: []string{
		"account_deactivated", "account_disabled", "account_suspended", "account_terminated", "account_banned", "account_blocked",
		"account_closed", "organization_restricted", "organization_disabled", "organization_deactivated", "organization_suspended",
		"organization_terminated", "1110", "1111", "1112", "1121", "user_suspended", "user_terminated", "user_banned",
	}, kind: ai.AuthFailed, scope: ai.ScopeChannel},
	{name: "region_code", codes: []string{"unsupported_country_region_territory"}, kind: ai.AuthFailed, scope: ai.ScopeChannel},
	{name: "auth_code", codes: []string{
		"invalid_api_key", "invalidapikey", "authentication_error", "invalid_authentication_error", "unauthenticated",
		"incorrect_api_key_error", "api_key_invalid", "api_key_expired", "token_expired", "token_revoked", "bad_credentials",
		"unrecognizedclientexception",
	}, kind: ai.AuthFailed, scope: ai.ScopeKey},
	{name: "auth_reason", body: []string{`"api_key_invalid"`, `"api_key_service_blocked"`, `"consumer_suspended"`}, status: statuses{4}, kind: ai.AuthFailed, scope: ai.ScopeKey},

	// The model, by code. A refusal (403) is about what this key may use.
	{name: "model_refused_code", status: statuses{403}, codes: []string{"model_not_found", "model_not_allowed", "accessdenied.unpurchased", "model_access_denied"}, kind: ai.NoSuchModel, scope: ai.ScopeKeyModel},
	{name: "model_code", codes: []string{
		"model_not_found", "modelnotfound", "model_not_exist", "model_not_available", "model_not_supported", "unknown_model",
		"unsupported_model", "invalid_model", "model_decommissioned", "deploymentnotfound", "1211", "model_unavailable",
	}, kind: ai.NoSuchModel, scope: ai.ScopeModel},

	// The caller's request, by code.
	{name: "context_code", codes: []string{
		"context_length_exceeded", "context_window_exceeded", "model_context_window_exceeded", "exceed_context_size_error",
		"too_many_prompt_tokens", "too_many_tokens", "context_too_large", "1261", "max_tokens_exceeded",
	}, kind: ai.ContextLength, scope: ai.ScopeNone},
	{name: "filter_code", codes: []string{
		"content_policy_violation", "content_filter", "content_filtered", "responsibleaipolicyviolation", "moderation_blocked",
		"data_inspection_failed", "datainspectionfailed", "sensitive_words_detected", "prohibited_content", "safety",
		"image_safety", "cyber_policy_violation", "1300", "1301",
	}, kind: ai.ContentFilter, scope: ai.ScopeNone},
	{name: "stored_item_code", codes: []string{"previous_response_not_found", "response_not_found", "file_not_found", "conversation_not_found"}, kind: ai.InvalidRequest, scope: ai.ScopeNone},
	{name: "request_code", codes: []string{"invalid_image_url", "invalid_image_format", "unsupported_file", "tool_use_failed", "unsupported_parameter", "unsupported_value"}, kind: ai.InvalidRequest, scope: ai.ScopeNone},

	// Too much for the service, by code.
	{name: "overloaded_code", codes: []string{
		"overloaded_error", "overloaded", "server_is_overloaded", "server_overloaded", "service_unavailable_error",
		"service_unavailable", "serviceunavailable", "serviceunavailableexception", "engine_overloaded_error",
		"engine_overloaded", "model_overloaded", "capacity_exceeded", "slow_down", "system_cpu_overloaded",
		"modelnotreadyexception", "1305", "1312",
	}, kind: ai.Overloaded, scope: ai.ScopeURLModel},

	// Gemini limits each model of a project; the body says per minute or per day.
	{name: "gemini_prepaid", codes: []string{"resource_exhausted"}, text: []string{"credits are depleted", "spending cap", "spend limit"}, kind: ai.QuotaExhausted, scope: ai.ScopeKey},
	{name: "gemini_no_quota", codes: []string{"resource_exhausted"}, text: []string{"limit: 0,", "limit: 0\n"}, kind: ai.QuotaExhausted, scope: ai.ScopeKeyModel},
	{name: "gemini_daily_quota", codes: []string{"resource_exhausted"}, body: []string{"perday"}, kind: ai.QuotaExhausted, scope: ai.ScopeKeyModel, until: midnightPacific},
	{name: "gemini_quota", codes: []string{"resource_exhausted"}, kind: ai.RateLimited, scope: ai.ScopeKeyModel},

	// Money and allowances, by text.
	{name: "balance_text", text: []string{
		"credit balance is too low", "insufficient balance", "insufficient credit", "insufficient quota", "insufficient_quota",
		"credits are depleted", "out of credits", "not enough credit", "requires more credits", "add more credits", "never purchased credits",
		"billing hard limit", "billing details", "check your plan and billing", "account is not active",
		"good standing", "payment required", "balance is not enough", "account balance", "exceeded your current quota",
		"quota is not enough", "token quota exhausted", "tokenstatusexhausted", "pre_consume_token_quota_failed",
		"余额不足", "额度不足", "额度已用尽", "额度失败", "欠费", "套餐已到期", "status code 402", "status code: 402", "error code: 402", "http 402",
	}, kind: ai.QuotaExhausted, scope: ai.ScopeKey},
	{name: "model_free_tier_text", text: []string{"free tier of the model has been exhausted"}, kind: ai.QuotaExhausted, scope: ai.ScopeKeyModel},
	{name: "unified_limit", status: statuses{429}, when: unifiedRejected, kind: ai.QuotaExhausted, scope: ai.ScopeKey, until: unifiedReset},
	{name: "usage_limit_text", text: []string{
		"usage limit reached", "usage limit has been reached", "hit your usage limit", "weekly limit", "monthly limit", "reached your usage limit",
		"usage limit for this",
		"limit exhausted", "specified api usage limits", "使用上限", "quota has been exhausted", "quota exhausted",
	}, kind: ai.QuotaExhausted, scope: ai.ScopeKey, until: saidReset},
	{name: "model_daily_text", status: limits, text: []string{"rate limit reached for*per day"}, kind: ai.QuotaExhausted, scope: ai.ScopeKeyModel},
	{name: "daily_text", status: limits, text: []string{"per day", "per-day", "daily limit", "daily quota", "daily request", "今日"}, kind: ai.QuotaExhausted, scope: ai.ScopeKey, until: saidReset},

	// The account and the key, by text.
	{name: "account_text", status: statuses{2, 4}, text: append(endedAccounts(),
		"service disabled", "账户已被锁定", "账号已被封", "账号已被锁定", "账号已被禁用", "账户已被禁用", "账号已注销",
	), kind: ai.AuthFailed, scope: ai.ScopeChannel},
	{name: "region_text", status: statuses{400, 403, 451}, text: []string{"location is not supported", "country, region, or territory", "not available in your country", "not available in your region"}, kind: ai.AuthFailed, scope: ai.ScopeChannel},
	{name: "auth_text", status: statuses{2, 4}, text: []string{
		"incorrect api key", "invalid api key", "invalid api-key", "invalid x-api-key", "api key not valid", "api key expired",
		"api key is invalid", "api key is not valid", "api key not found", "api key does not exist", "api key is missing",
		"api key has expired", "api key has been revoked", "api key has been disabled", "api key is disabled", "api key is expired",
		"missing api key", "no api key", "provide an api key", "valid api key", "invalid subscription key", "reported as leaked", "authentication fails",
		"authentication failed", "security token included in the request is invalid", "无效的令牌", "令牌已过期", "令牌状态不可用", "身份验证失败",
	}, kind: ai.AuthFailed, scope: ai.ScopeKey},

	// The model, by text.
	{name: "model_refused_text", status: statuses{403}, text: []string{"access to model", "access to the model", "model*not allowed", "no permission*model", "model access is denied"}, kind: ai.NoSuchModel, scope: ai.ScopeKeyModel},
	{name: "model_text", status: statuses{2, 400, 422, 500, 501}, text: []string{
		"model*does not exist", "model not exist", "model not found", "no such model", "unknown model", "unsupported model",
		"model identifier is invalid", "invalid model name", "not a valid model", "model not supported",
		"is not supported. supported models", "is not found for api version", "has been decommissioned", "model is deprecated",
		"模型不存在", "不支持该模型", "不支持模型",
	}, kind: ai.NoSuchModel, scope: ai.ScopeModel},
	{name: "stored_item_text", status: statuses{400, 404}, text: []string{"with id*not found", "previous response*not found", "no such response", "no such file", "conversation*not found", "not persisted when"}, kind: ai.InvalidRequest, scope: ai.ScopeNone},
	{name: "endpoint_text", status: statuses{404, 405, 501}, text: []string{
		"invalid url", "unknown request url", "unknown url", "cannot post", "cannot get", "page not found", "no route", "no such route",
		"method not allowed", "path not found", "unsupported path", "unsupported endpoint",
	}, kind: ai.NoSuchEndpoint, scope: ai.ScopeURLProtocol},
	{name: "feature_text", status: statuses{404}, text: []string{"no endpoints found that support"}, kind: ai.InvalidRequest, scope: ai.ScopeNone},
	{name: "model_missing", status: statuses{404, 410}, text: []string{
		"model", "deployment", "no endpoints found", "no allowed providers", "模型",
	}, kind: ai.NoSuchModel, scope: ai.ScopeModel},

	// The caller's request, by text.
	{name: "context_text", status: callers, text: []string{
		"maximum context length", "max context length", "context length exceeded", "context_length_exceeded", "exceeds the context",
		"exceed context limit", "context window", "available context size", "prompt is too long", "prompt too long",
		"input is too long", "input too long", "input token count*exceeds", "exceeds the maximum number of tokens",
		"maximum number of tokens allowed", "too many tokens", "input tokens exceeded", "number of input tokens exceeds",
		"model token limit", "maximum prompt length", "total length of all messages is too long", "range of input length should be",
		"please reduce the length of", "too long for the model", "超长", "上下文长度",
	}, kind: ai.ContextLength, scope: ai.ScopeNone},
	{name: "filter_text", status: callers, text: []string{
		"content management policy", "content policy", "usage policies", "usage policy", "safety system", "responsible ai",
		"inappropriate content", "sensitive content", "was flagged", "been flagged", "content filter", "blocked by safety",
		"due to safety", "prohibited use policy", "moderation", "敏感", "违规内容",
	}, kind: ai.ContentFilter, scope: ai.ScopeNone},

	// Too much for the service, by text.
	{name: "overloaded_text", status: troubled, text: []string{
		"overloaded", "at capacity", "over capacity", "no capacity", "high demand", "temporarily unavailable",
		"currently unavailable", "service unavailable", "server is busy", "servers are busy", "model is busy", "load too high",
		"负载过高", "负载已饱和", "系统繁忙", "服务繁忙", "访问量过大", "稍后再试*负载",
	}, kind: ai.Overloaded, scope: ai.ScopeURLModel},

	// Limits: how wide they are comes before that they are.
	{name: "limit_of_account_header", status: limits, when: limitScope("account"), kind: ai.RateLimited, scope: ai.ScopeChannel},
	{name: "limit_of_all_header", status: limits, when: limitScope("organization", "org", "ip", "global"), kind: ai.RateLimited, scope: ai.ScopeGroup},
	{name: "limit_of_model_in_organization", status: limits, text: []string{"organization's rate limit*model:"}, kind: ai.RateLimited, scope: ai.ScopeModel},
	{name: "limit_of_organization", status: limits, text: []string{
		"organization's rate limit", "organization rate limit", "organization limit", "rate limit for your organization",
		"organization's maximum", "organisation's rate limit", "rate limit of your organization",
		"organization has exceeded", "organization-level",
	}, kind: ai.RateLimited, scope: ai.ScopeGroup},
	{name: "limit_of_address", status: limits, text: []string{
		"ip rate limit", "rate limit for your ip", "from your ip", "your ip address", "ip limit", "global rate limit", "error 1015",
	}, kind: ai.RateLimited, scope: ai.ScopeGroup},
	{name: "limit_of_account", status: limits, text: []string{"account rate limit", "account's rate limit", "account limit", "rate limit for your account", "account-level"}, kind: ai.RateLimited, scope: ai.ScopeChannel},
	{name: "limit_of_model", status: limits, text: []string{"rate limit reached for", "your requests to*have exceeded", "temporarily rate-limited upstream", "limit for model", "limit for this model", "per model"}, kind: ai.RateLimited, scope: ai.ScopeKeyModel},
	{name: "limit_of_provider", status: statuses{429}, body: []string{`"provider_name"`}, kind: ai.RateLimited, scope: ai.ScopeKeyModel}, // OpenRouter
	{name: "limit_of_model_field", codes: limitCodes, when: modelNamed, kind: ai.RateLimited, scope: ai.ScopeKeyModel},
	{name: "limit_code", codes: limitCodes, kind: ai.RateLimited, scope: ai.ScopeKey},
	{name: "limit_text", status: limits, text: []string{
		"rate limit", "rate-limit", "ratelimit", "too many requests", "requests per minute", "tokens per minute",
		"token rate limit", "throttl", "concurrency", "concurrent request", "请求过于频繁", "频率过高", "频率限制", "速率限制", "并发数过高", "流量限制",
	}, kind: ai.RateLimited, scope: ai.ScopeKey},

	// Codes that say only whose fault it is; the status must agree.
	{name: "caller_code", status: statuses{2, 400, 409, 413, 422}, codes: []string{"invalid_request_error", "invalid_argument", "invalid_parameter_error", "invalidparameter", "validationexception", "bad_request", "request_too_large", "1210", "1213", "1214", "1215"}, kind: ai.InvalidRequest, scope: ai.ScopeNone},
	{name: "not_found_code", status: statuses{2}, codes: []string{"not_found_error", "not_found"}, kind: ai.NoSuchModel, scope: ai.ScopeModel},
	{name: "access_ended_code", codes: []string{"access_terminated_error", "access_terminated"}, kind: ai.AuthFailed, scope: ai.ScopeKey}, // Kimi: also the type of its usage limits, which their texts tell
	{name: "permission_code", status: statuses{2}, codes: []string{"permission_error", "permission_denied", "unauthorized", "forbidden"}, kind: ai.AuthFailed, scope: ai.ScopeKey},
	{name: "unavailable_code", status: statuses{2, 400, 5}, codes: []string{"unavailable"}, kind: ai.Overloaded, scope: ai.ScopeURLModel},
	{name: "timeout_code", status: statuses{2, 400}, codes: []string{"timeout", "request_timeout", "upstream_timeout", "gateway_timeout", "requesttimeout"}, kind: ai.Timeout, scope: ai.ScopeURLModel},
	{name: "timeout_text", status: statuses{2, 400}, text: []string{"request timed out", "request timeout", "upstream timed out", "upstream timeout", "deadline exceeded"}, kind: ai.Timeout, scope: ai.ScopeURLModel},
	{name: "server_code", status: statuses{2, 400, 5}, codes: []string{"api_error", "server_error", "internal_server_error", "internal_error", "internal", "internalerror", "timeout_error", "deadline_exceeded", "unknown", "upstream_error", "bad_gateway", "1200", "1230", "1234", "500"}, kind: ai.ServerError, scope: ai.ScopeURLModel},

	// The bare status.
	{name: "status_400", status: statuses{400}, kind: ai.InvalidRequest, scope: ai.ScopeNone},
	{name: "status_401", status: statuses{401, 403}, kind: ai.AuthFailed, scope: ai.ScopeKey},
	{name: "status_402", status: statuses{402}, kind: ai.QuotaExhausted, scope: ai.ScopeKey},
	{name: "status_404", status: statuses{404, 405, 410, 426, 501}, kind: ai.NoSuchEndpoint, scope: ai.ScopeURLProtocol},
	{name: "status_407", status: statuses{407}, kind: ai.NetworkError, scope: ai.ScopeURL},
	{name: "status_408_inside", status: statuses{408}, when: inside, kind: ai.Timeout, scope: ai.ScopeURLModel},
	{name: "status_caller", status: statuses{406, 408, 411, 412, 413, 414, 415, 416, 417, 422, 428, 431}, kind: ai.InvalidRequest, scope: ai.ScopeNone},
	{name: "status_conflict", status: statuses{409, 423, 424, 425}, kind: ai.ServerError, scope: ai.ScopeURLModel},
	{name: "status_429_model", status: statuses{429}, when: modelNamed, kind: ai.RateLimited, scope: ai.ScopeKeyModel},
	{name: "status_429", status: statuses{429}, kind: ai.RateLimited, scope: ai.ScopeKey},
	{name: "status_closed", status: statuses{444, 499}, kind: ai.ServerError, scope: ai.ScopeURLModel},
	{name: "status_451", status: statuses{451}, kind: ai.AuthFailed, scope: ai.ScopeChannel},
	{name: "status_4xx", status: statuses{4}, kind: ai.BadAnswer, scope: ai.ScopeKey},
	{name: "status_503", status: statuses{503, 529}, kind: ai.Overloaded, scope: ai.ScopeURLModel},
	{name: "status_5xx", status: statuses{5}, kind: ai.ServerError, scope: ai.ScopeURLModel},

	// A good status after all.
	{name: "soft_error", seen: kinds(ai.SoftError), kind: ai.SoftError, scope: ai.ScopeURLModel},
	{name: "bad_answer", seen: kinds(ai.BadAnswer), kind: ai.BadAnswer, scope: ai.ScopeURLModel},
	{name: "ok", seen: kinds(ai.OK), status: statuses{2}, kind: ai.OK, scope: ai.ScopeNone},
	{name: "no_answer", kind: ai.BadAnswer, scope: ai.ScopeURLModel},
}

// endedAccounts are the ways to say that an account is no longer served:
// "account has been terminated", "organization is suspended" and so on.
func endedAccounts() []string {
	whose := []string{"account", "organization", "organisation", "workspace"}
	ends := []string{"suspended", "disabled", "deactivated", "banned", "terminated", "blocked", "closed", "restricted", "locked", "frozen"}
	verbs := []string{"", "is ", "was ", "has been ", "is currently ", "has been permanently ", "has been temporarily "}
	texts := make([]string, 0, len(whose)*len(ends)*len(verbs))
	for _, who := range whose {
		for _, ended := range ends {
			for _, verb := range verbs {
				texts = append(texts, who+" "+verb+ended)
			}
		}
	}
	return texts
}

// limitCodes are the codes of plain rate limits.
var limitCodes = []string{
	"rate_limit_error", "rate_limit_exceeded", "rate_limit_reached_error", "ratelimitreached", "ratelimitexceeded", "rate_limit",
	"too_many_requests", "toomanyrequestsexception", "throttling", "throttling.ratequota", "throttling.burstrate",
	"throttling.allocationquota", "throttlingexception", "limit_requests", "limit_burst_rate", "limit_tokens", "requests", "tokens",
	"requests_limit_exceeded", "tokens_limit_exceeded", "concurrency_limit_exceeded", "websocket_connection_limit_reached",
	"1302", "1303", "1313",
}
