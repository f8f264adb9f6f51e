// Package openaikit is what OpenAI's two wire formats share, Chat Completions
// with its neighbors (package openai) and Responses (package responses):
// headers, errors, model lists, what names a conversation, how usage is
// reported, and what OpenAI's models take. Vendors that speak like OpenAI add
// to it; where they do, the vendor is named.
package openaikit

import (
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// WriteError writes an error as OpenAI's API does:
// {"error":{"message","type","param","code"}}.
func WriteError(e *protocol.Error) []byte {
	var body struct {
		Error struct {
			Message string  `json:"message"`
			Type    string  `json:"type"`
			Param   *string `json:"param"`
			Code    string  `json:"code"`
		} `json:"error"`
		RequestID string `json:"request_id,omitempty"`
	}
	body.Error.Message, body.Error.Code = e.Message, e.Code
	body.Error.Type = protocol.ErrorType(ai.OpenAI, e.Status)
	if e.Param != "" {
		body.Error.Param = &e.Param
	}
	body.RequestID = e.RequestID
	return protocol.JSON(body)
}

// ModelsPath is where OpenAI's API, and who speaks like it, lists its models.
const ModelsPath = "/v1/models"

// model is one model of a list.
type model struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

func newModel(m protocol.Model) model {
	return model{ID: m.ID, Object: "model", Created: m.Created, OwnedBy: m.OwnedBy}
}

// WriteModels writes a model list as OpenAI's API does.
func WriteModels(models []protocol.Model) []byte {
	list := struct {
		Object string  `json:"object"`
		Data   []model `json:"data"`
	}{Object: "list", Data: make([]model, 0, len(models))}
	for _, m := range models {
		list.Data = append(list.Data, newModel(m))
	}
	return protocol.JSON(list)
}

// WriteModel writes one model as OpenAI's API does.
func WriteModel(m protocol.Model) []byte { return protocol.JSON(newModel(m)) }
