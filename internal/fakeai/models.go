package fakeai

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
)

// defaultModels are listed by a provider that knows all models.
var defaultModels = map[ai.Protocol][]string{
	ai.Anthropic: {"claude-fake-1"},
	ai.OpenAI:    {"gpt-fake-1"},
	ai.Responses: {"gpt-fake-1"},
	ai.Gemini:    {"gemini-fake-1"},
}

// models are the models that are listed, and whether others are unknown.
func (s *Server) models(p ai.Protocol) (list []string, only bool) {
	if len(s.o.Models) > 0 {
		return s.o.Models, true
	}
	if len(s.o.Listed) > 0 {
		return s.o.Listed, false
	}
	return defaultModels[p], false
}

// listModels answers with the list of models, or one of them.
func (d *delivery) listModels() {
	names, only := d.s.models(d.req.Protocol)
	if d.req.Operation == ai.GetModel {
		if only && !slices.Contains(names, d.req.ID) {
			d.refuse(NoModel)
			return
		}
		d.whole(http.StatusOK, jsonType, indent([]byte(model(d.req.Protocol, d.req.ID))))
		return
	}
	var list []string
	for _, name := range names {
		list = append(list, model(d.req.Protocol, name))
	}
	all := strings.Join(list, ",")
	body := fmt.Sprintf(`{"object":"list","data":[%s]}`, all)
	switch d.req.Protocol {
	case ai.Anthropic:
		body = fmt.Sprintf(`{"data":[%s],"has_more":false,"first_id":%s,"last_id":%s}`, all, quote(names[0]), quote(names[len(names)-1]))
	case ai.Gemini:
		body = fmt.Sprintf(`{"models":[%s]}`, all)
	}
	d.whole(http.StatusOK, jsonType, indent([]byte(body)))
}

// model is one model as a format describes it.
func model(p ai.Protocol, name string) string {
	switch p {
	case ai.Anthropic:
		return fmt.Sprintf(`{"type":"model","id":%s,"display_name":%s,"created_at":"2026-01-01T00:00:00Z"}`, quote(name), quote(name))
	case ai.Gemini:
		return fmt.Sprintf(`{"name":%s,"baseModelId":%s,"version":"001","displayName":%s,"inputTokenLimit":1048576,"outputTokenLimit":65536,"supportedGenerationMethods":["generateContent","countTokens"]}`,
			quote("models/"+name), quote(name), quote(name))
	}
	return fmt.Sprintf(`{"id":%s,"object":"model","created":1767225600,"owned_by":"fakeai"}`, quote(name))
}
