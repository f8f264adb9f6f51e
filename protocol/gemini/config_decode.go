package gemini

import (
	"strings"

	"github.com/ccload/ccload/protocol"
)

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
