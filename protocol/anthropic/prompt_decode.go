package anthropic

import (
	"bytes"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

var _ protocol.Codec = Format{}

// requestFields are those of a request.
// https://docs.claude.com/en/api/messages
var requestFields map[string]rule

func init() { // the table and its functions know each other
	requestFields = map[string]rule{
		"model":              (*decoder).readModel,
		"messages":           ignore, // read behind system
		"system":             ignore,
		"stream":             (*decoder).readStream,
		"max_tokens":         (*decoder).readMaxTokens,
		"temperature":        number(func(p *protocol.Prompt) **float64 { return &p.Temperature }),
		"top_p":              number(func(p *protocol.Prompt) **float64 { return &p.TopP }),
		"top_k":              (*decoder).readTopK,
		"stop_sequences":     (*decoder).readStop,
		"metadata":           (*decoder).readMetadata,
		"thinking":           (*decoder).readThinking,
		"tools":              (*decoder).readTools,
		"tool_choice":        (*decoder).readToolChoice,
		"service_tier":       (*decoder).readTier,
		"output_config":      (*decoder).readOutputConfig,
		"output_format":      (*decoder).readOutputFormat, // of the beta, before output_config had it
		"cache_control":      ignore,                      // read behind messages
		"context_management": (*decoder).readContextManagement,
		"speed":              hint, // faster output of the same model
		"diagnostics":        hint, // of the prompt cache
	}
}

// DecodePrompt reads a request to generate.
func (Format) DecodePrompt(in *protocol.Inbound) (*protocol.Prompt, error) {
	d := decoder{p: &protocol.Prompt{Model: in.Model, Stream: in.Stream, WantsUsage: true}}
	body := bytes.TrimSpace(in.Body)
	err := fields(body, "", func(name string, value []byte, path string) error {
		if read, known := requestFields[name]; known {
			return read(&d, value, path)
		}
		d.p.Unknown(name, value)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if system := member(body, "system"); system != nil {
		if err := d.readSystem(system, "system"); err != nil {
			return nil, err
		}
	}
	messages := member(body, "messages")
	if messages == nil {
		return nil, protocol.BadRequest("messages", "is missing: there must be at least one message")
	}
	if err := d.readMessages(messages, "messages"); err != nil {
		return nil, err
	}
	if mark := member(body, "cache_control"); mark != nil {
		if err := d.readAutomaticCache(mark); err != nil {
			return nil, err
		}
	}
	d.p.NameResults()
	return d.p, nil
}

func number(field func(*protocol.Prompt) **float64) rule {
	return func(d *decoder, value []byte, path string) error {
		f, err := readFloat(value, path)
		*field(d.p) = &f
		return err
	}
}

func (d *decoder) readModel(value []byte, path string) (err error) {
	d.p.Model, err = readText(value, path)
	return err
}

func (d *decoder) readStream(value []byte, path string) (err error) {
	d.p.Stream, err = readBool(value, path)
	return err
}

func (d *decoder) readMaxTokens(value []byte, path string) (err error) {
	d.p.MaxOutput, err = readInt(value, path)
	if err == nil && d.p.MaxOutput < 0 {
		err = protocol.BadRequest(path, "must not be negative")
	}
	return err
}

func (d *decoder) readTopK(value []byte, path string) error {
	n, err := readInt(value, path)
	d.p.TopK = &n
	return err
}

func (d *decoder) readStop(value []byte, path string) (err error) {
	d.p.Stop, err = readTexts(value, path)
	return err
}

func (d *decoder) readMetadata(value []byte, path string) error {
	return fields(value, path, func(name string, value []byte, path string) (err error) {
		if name == "user_id" {
			d.p.User, err = readText(value, path)
		} else { // gateways and SDKs note what they like
			d.p.Hint(path)
		}
		return err
	})
}

// readTier reads service_tier: "auto" is what it is without.
// https://docs.claude.com/en/api/service-tiers
func (d *decoder) readTier(value []byte, path string) error {
	tier, err := readText(value, path)
	switch tier {
	case "", "auto":
	case "standard_only":
		d.p.Tier = "default"
	default:
		d.p.Keep(path)
	}
	return err
}

// readThinking reads how much the model shall think.
// https://docs.claude.com/en/docs/build-with-claude/extended-thinking
func (d *decoder) readThinking(value []byte, path string) error {
	t := &d.p.Thinking
	kind := typeOf(value)
	switch kind {
	case "enabled", "adaptive":
		t.Mode = protocol.ThinkingOn
	case "disabled":
		t.Mode = protocol.ThinkingOff
	default:
		return protocol.BadRequest(path+".type", "must be enabled, adaptive or disabled")
	}
	err := fields(value, path, func(name string, value []byte, path string) (err error) {
		switch name {
		case "type":
		case "budget_tokens":
			t.Budget, err = readInt(value, path)
		case "display":
			var show string
			show, err = readText(value, path)
			switch show {
			case "summarized":
				t.Show = "summary"
			case "omitted":
				t.Show = "none"
			default:
				d.p.Keep(path)
			}
		default:
			d.p.Keep(path)
		}
		return err
	})
	if err == nil && kind == "enabled" && t.Budget <= 0 {
		err = protocol.BadRequest(path+".budget_tokens", "must be a number of tokens: thinking that is enabled has a budget")
	}
	if kind != "enabled" {
		t.Budget = 0
	}
	return err
}

func (d *decoder) readOutputConfig(value []byte, path string) error {
	return d.object(value, path, map[string]rule{
		"effort": func(d *decoder, value []byte, path string) (err error) {
			d.p.Thinking.Effort, err = readText(value, path)
			if err == nil && protocol.BudgetOf(d.p.Thinking.Effort) == 0 {
				d.p.Thinking.Effort = ""
				d.p.Keep(path)
			}
			return err
		},
		"format": (*decoder).readOutputFormat,
	})
}

// readOutputFormat reads the form of the answer's text.
// https://docs.claude.com/en/docs/build-with-claude/structured-outputs
func (d *decoder) readOutputFormat(value []byte, path string) error {
	if kind := typeOf(value); kind != "json_schema" {
		if kind != "text" {
			d.p.Keep(path)
		}
		return nil
	}
	schema := member(value, "schema")
	if schema == nil {
		return protocol.BadRequest(path+".schema", "is missing")
	}
	var err error
	d.p.Output.JSON = true
	d.p.Output.Schema, err = readObject(schema, path+".schema")
	return err
}

// readContextManagement reads what the provider shall forget by itself. To
// forget old thoughts changes nothing for others, who see none of them, and
// Claude Code asks to keep them in every request. To forget the results of
// tools, or to sum up, changes what the model knows.
// https://docs.claude.com/en/docs/build-with-claude/context-editing
func (d *decoder) readContextManagement(value []byte, path string) error {
	return fields(value, path, func(name string, value []byte, path string) error {
		if name != "edits" {
			d.p.Keep(path)
			return nil
		}
		return elements(value, path, func(value []byte, _ string) error {
			if kind := typeOf(value); kind == "clear_thinking_20251015" {
				d.p.Hint(path)
			} else {
				d.p.Keep(path + "." + kind)
			}
			return nil
		})
	})
}

// readCache reads a mark for the prompt cache.
// https://docs.claude.com/en/docs/build-with-claude/prompt-caching
func (d *decoder) readCache(value []byte, path string) (string, error) {
	lifetime := "5m"
	if kind := typeOf(value); kind != "ephemeral" {
		return "", protocol.BadRequest(path+".type", "must be ephemeral")
	}
	err := fields(value, path, func(name string, value []byte, path string) (err error) {
		switch name {
		case "type":
		case "ttl":
			if lifetime, err = readText(value, path); err == nil && lifetime != "5m" && lifetime != "1h" {
				err = protocol.BadRequest(path, `must be "5m" or "1h"`)
			}
		default: // scope, of Claude Code
			d.p.Hint(unindexed(path))
		}
		return err
	})
	return lifetime, err
}

// readAutomaticCache reads the mark of the whole request, which stands for one
// at its last block.
func (d *decoder) readAutomaticCache(mark []byte) error {
	lifetime, err := d.readCache(mark, "cache_control")
	if err != nil || len(d.p.Turns) == 0 {
		return err
	}
	parts := d.p.Turns[len(d.p.Turns)-1].Parts
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i].Kind != protocol.Thought {
			if parts[i].Cache == "" {
				parts[i].Cache = lifetime
			}
			break
		}
	}
	return nil
}

// isDirect reports whether a tool was called by the model itself, as all are
// where no code calls them.
func isDirect(caller []byte) bool {
	return scan.IsNull(caller) || typeOf(caller) == "direct"
}
