package gemini

import (
	"bytes"
	"slices"
	"strings"

	"github.com/ccload/ccload/protocol"
)

var _ protocol.Codec = Format{}

// decoder reads one request.
type decoder struct {
	p       *protocol.Prompt
	calls   map[string]bool // ids
	results []located

	logprobs bool
	alike    int64 // alternatives
}

// rule is how a field is read.
type rule func(d *decoder, value []byte, path string) error

func hint(d *decoder, _ []byte, path string) error {
	d.p.Hint(unindexed(path))
	return nil
}

func native(d *decoder, _ []byte, path string) error {
	d.p.Keep(unindexed(path))
	return nil
}

// nativeIfSet is for fields that are harmless while they are empty.
func nativeIfSet(d *decoder, value []byte, path string) error {
	if said(value) {
		d.p.Keep(unindexed(path))
	}
	return nil
}

func ignore(*decoder, []byte, string) error { return nil }

// object reads an object by a table; what the table does not know is kept.
func (d *decoder) object(value []byte, path string, table map[string]rule) error {
	return fields(value, path, func(name string, value []byte) error {
		read, known := table[name]
		if !known {
			read = native
		}
		return read(d, value, below(path, name))
	})
}

// top reads an object by a table; what the table does not know is dropped unless
// it means something.
func (d *decoder) top(value []byte, path string, table map[string]rule) error {
	return fields(value, path, func(name string, value []byte) error {
		if read, known := table[name]; known {
			return read(d, value, below(path, name))
		}
		d.p.UnknownAt(path, name, value)
		return nil
	})
}

// requestFields are those of GenerateContentRequest.
// https://ai.google.dev/api/generate-content
var requestFields = map[string]rule{
	"model":             ignore, // the path's; ReadRequest compared them
	"contents":          (*decoder).readContents,
	"systemInstruction": (*decoder).readSystem,
	"tools":             (*decoder).readTools,
	"toolConfig":        (*decoder).readToolConfig,
	"generationConfig":  (*decoder).readConfig,
	"serviceTier":       (*decoder).readTier,
	"labels":            hint,
	"store":             hint,
	"modelArmorConfig":  native,
}

// configFields are those of GenerationConfig.
// https://ai.google.dev/api/generate-content#generationconfig
var configFields = map[string]rule{
	"temperature":                float(func(p *protocol.Prompt) **float64 { return &p.Temperature }),
	"topP":                       float(func(p *protocol.Prompt) **float64 { return &p.TopP }),
	"frequencyPenalty":           float(func(p *protocol.Prompt) **float64 { return &p.Frequency }),
	"presencePenalty":            float(func(p *protocol.Prompt) **float64 { return &p.Presence }),
	"topK":                       integer(func(p *protocol.Prompt) **int64 { return &p.TopK }),
	"seed":                       integer(func(p *protocol.Prompt) **int64 { return &p.Seed }),
	"maxOutputTokens":            (*decoder).readMaxOutput,
	"stopSequences":              (*decoder).readStop,
	"candidateCount":             (*decoder).readCount,
	"responseMimeType":           (*decoder).readMimeType,
	"responseSchema":             (*decoder).readOwnSchema,
	"responseJsonSchema":         (*decoder).readJSONSchema,
	"responseModalities":         (*decoder).readModalities,
	"responseLogprobs":           (*decoder).readLogprobs,
	"logprobs":                   (*decoder).readAlike,
	"thinkingConfig":             (*decoder).readThinking,
	"mediaResolution":            hint,
	"enableEnhancedCivicAnswers": hint,
	"audioTimestamp":             nativeIfSet,
	"enableAffectiveDialog":      nativeIfSet,
	"speechConfig":               native,
	"imageConfig":                native,
	"routingConfig":              native,
	"modelConfig":                native,
	"modelSelectionConfig":       native,
}

// DecodePrompt reads a request to generate.
func (Format) DecodePrompt(in *protocol.Inbound) (*protocol.Prompt, error) {
	d := decoder{
		p:     &protocol.Prompt{Model: in.Model, Stream: in.Stream, WantsUsage: true},
		calls: make(map[string]bool),
	}
	if err := d.top(bytes.TrimSpace(in.Body), "", requestFields); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(d.p.Turns, func(t protocol.Turn) bool { return t.Role != protocol.System }) && len(d.p.Native) == 0 {
		return nil, protocol.BadRequest("contents", "is missing: there must be at least one content with at least one part")
	}
	if err := d.matchResults(); err != nil {
		return nil, err
	}
	if d.logprobs {
		d.p.Logprobs = int(d.alike) + 1
	}
	return d.p, nil
}

func float(field func(*protocol.Prompt) **float64) rule {
	return func(d *decoder, value []byte, path string) error {
		f, err := readFloat(value, path)
		*field(d.p) = &f
		return err
	}
}

func integer(field func(*protocol.Prompt) **int64) rule {
	return func(d *decoder, value []byte, path string) error {
		n, err := readInt(value, path)
		*field(d.p) = &n
		return err
	}
}

func (d *decoder) readConfig(value []byte, path string) error {
	return d.top(value, path, configFields)
}

func (d *decoder) readMaxOutput(value []byte, path string) (err error) {
	d.p.MaxOutput, err = readInt(value, path)
	if err == nil && d.p.MaxOutput < 0 {
		err = protocol.BadRequest(path, "must not be negative")
	}
	return err
}

func (d *decoder) readStop(value []byte, path string) (err error) {
	d.p.Stop, err = readTexts(value, path)
	return err
}

func (d *decoder) readCount(value []byte, path string) error {
	n, err := readInt(value, path)
	if n > 1 {
		d.p.Keep(path)
	}
	return err
}

// readTier reads the tier of https://ai.google.dev/gemini-api/docs/flex-inference.
func (d *decoder) readTier(value []byte, path string) error {
	tier, err := readText(value, path)
	switch tier = strings.ToLower(strings.TrimPrefix(tier, "SERVICE_TIER_")); tier {
	case "", "unspecified":
	case "standard":
		d.p.Tier = "default"
	case "flex", "priority":
		d.p.Tier = tier
	default:
		d.p.Keep(path)
	}
	return err
}

func (d *decoder) readMimeType(value []byte, path string) error {
	kind, err := readText(value, path)
	switch kind {
	case "", "text/plain":
	case "application/json":
		d.p.Output.JSON = true
	default: // text/x.enum
		d.p.Keep(path)
	}
	return err
}

func (d *decoder) readOwnSchema(value []byte, path string) error {
	return d.setSchema(value, path, true)
}

func (d *decoder) readJSONSchema(value []byte, path string) error {
	return d.setSchema(value, path, false)
}

func (d *decoder) setSchema(value []byte, path string, own bool) error {
	schema, err := readSchema(value, path, own)
	d.p.Output.JSON, d.p.Output.Schema = true, schema
	return err
}

func (d *decoder) readModalities(value []byte, path string) error {
	read := func(value []byte, path string) error {
		kind, err := readEnum(value, path, "MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO")
		switch kind {
		case "", "MODALITY_UNSPECIFIED", "TEXT":
		case "IMAGE", "AUDIO":
			d.p.Kinds = append(d.p.Kinds, strings.ToLower(kind))
		default:
			d.p.Keep(unindexed(path))
		}
		return err
	}
	if len(value) > 0 && value[0] == '"' {
		return read(value, path)
	}
	return elements(value, path, read)
}

func (d *decoder) readLogprobs(value []byte, path string) (err error) {
	d.logprobs, err = readBool(value, path)
	return err
}

func (d *decoder) readAlike(value []byte, path string) (err error) {
	d.alike, err = readInt(value, path)
	if err == nil && (d.alike < 0 || d.alike > maxAlternatives) {
		err = protocol.BadRequest(path, "must be between 0 and 20")
	}
	return err
}

// readThinking reads thinkingConfig. Whoever configures thinking and does not
// say includeThoughts sees none of it.
func (d *decoder) readThinking(value []byte, path string) error {
	t := &d.p.Thinking
	show, level := "none", ""
	budget := int64(-1)
	set, limited := false, false
	err := fields(value, path, func(name string, value []byte) (err error) {
		at := below(path, name)
		set = true
		switch name {
		case "includeThoughts":
			var include bool
			if include, err = readBool(value, at); include {
				show = "summary"
			}
		case "thinkingBudget":
			limited = true
			budget, err = readInt(value, at)
		case "thinkingLevel":
			level, err = readEnum(value, at, "", "LOW", "HIGH", "MEDIUM", "MINIMAL")
		default:
			d.p.Keep(at)
		}
		return err
	})
	if err != nil || !set {
		return err
	}
	t.Show, t.Mode = show, protocol.ThinkingOn
	switch {
	case budget > 0:
		t.Budget = budget
	case budget == 0 && level == "":
		t.Mode = protocol.ThinkingOff
	}
	switch level {
	case "", "THINKING_LEVEL_UNSPECIFIED":
		if show == "none" && !limited {
			t.Mode = protocol.ThinkingUnset // only that it is not shown
		}
	case "MINIMAL", "LOW", "MEDIUM", "HIGH":
		t.Effort = strings.ToLower(level)
	default:
		d.p.Keep(below(path, "thinkingLevel"))
	}
	return nil
}

// readSchema reads a schema, in Google's subset of OpenAPI or as JSON Schema.
func readSchema(value []byte, path string, own bool) ([]byte, error) {
	value, err := readObject(value, path)
	if err != nil {
		return nil, err
	}
	return jsonSchema(value, own), nil
}
