package gemini

import (
	"bytes"
	"slices"

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
