package gemini

import (
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// toolFields are the kinds of tools. https://ai.google.dev/api/caching#Tool
var toolFields = map[string]rule{
	"functionDeclarations": (*decoder).readFunctions,
	"googleSearch":         (*decoder).readSearch,
	// Of Gemini 1.5; 2.0 and later have googleSearch instead.
	"googleSearchRetrieval": (*decoder).readSearch,
	"codeExecution":         (*decoder).readHosted,
	"urlContext":            (*decoder).readHosted,
	"fileSearch":            native,
	"googleMaps":            native,
	"computerUse":           native,
	"mcpServers":            native,
	"retrieval":             native, // Vertex
	"enterpriseWebSearch":   (*decoder).readHosted,
	"parallelAiSearch":      native,
}

// searchFields are those of googleSearch.
var searchFields = map[string]rule{
	"excludeDomains":         (*decoder).readNotDomains, // Vertex
	"timeRangeFilter":        native,
	"searchTypes":            native,
	"blockingConfidence":     native,
	"dynamicRetrievalConfig": native,
}

// toolConfigFields are those of toolConfig.
var toolConfigFields = map[string]rule{
	"functionCallingConfig": (*decoder).readCalling,
	"retrievalConfig":       native, // where the user is, by latitude and longitude
	// Whether parts tell of the tools that Google ran.
	"includeServerSideToolInvocations": hint,
}

// declarationFields are those of a function declaration, which readFunction
// gives the values of.
var declarationFields = map[string]string{
	"name": "name", "description": "description", "parameters": "parameters", "parametersJsonSchema": "parametersJsonSchema",
	"response": "hint", "responseJsonSchema": "hint", // what the function says: its results show it
}

func (d *decoder) readTools(value []byte, path string) error {
	return elements(value, path, func(value []byte, path string) error {
		return d.object(value, path, toolFields)
	})
}

func (d *decoder) readFunctions(value []byte, path string) error {
	return elements(value, path, d.readFunction)
}

func (d *decoder) readFunction(value []byte, path string) error {
	t := protocol.Tool{Kind: protocol.Function}
	err := fields(value, path, func(name string, value []byte) (err error) {
		at := below(path, name)
		switch declarationFields[name] {
		case "name":
			t.Name, err = readText(value, at)
		case "description":
			t.Description, err = readText(value, at)
		case "parameters":
			t.Schema, err = readSchema(value, at, true)
		case "parametersJsonSchema":
			t.Schema, err = readSchema(value, at, false)
		case "hint":
			d.p.Hint(unindexed(at))
		default:
			if name == "behavior" && (scan.StringIs(value, "BLOCKING") || scan.StringIs(value, "UNSPECIFIED")) {
				return nil
			}
			d.p.Keep(unindexed(at))
		}
		return err
	})
	if err == nil && t.Name == "" {
		err = protocol.BadRequest(below(path, "name"), "is missing")
	}
	d.p.Tools = append(d.p.Tools, t)
	return err
}

func (d *decoder) readSearch(value []byte, path string) error {
	d.p.Tools = append(d.p.Tools, protocol.Tool{Kind: protocol.WebSearch})
	return d.object(value, path, searchFields)
}

// readHosted reads a tool that Google runs, and that an agent with tools of its
// own can do without.
func (d *decoder) readHosted(_ []byte, path string) error {
	name := path[strings.LastIndexByte(path, '.')+1:]
	d.p.Tools = append(d.p.Tools, protocol.Tool{Kind: protocol.Hosted, Name: name})
	return nil
}

func (d *decoder) readNotDomains(value []byte, path string) (err error) {
	d.p.Tools[len(d.p.Tools)-1].NotDomains, err = readTexts(value, path)
	return err
}

func (d *decoder) readToolConfig(value []byte, path string) error {
	return d.object(value, path, toolConfigFields)
}

// readCalling reads functionCallingConfig. VALIDATED is AUTO with calls that
// keep to their schemas, and AUTO again where that cannot be said.
func (d *decoder) readCalling(value []byte, path string) error {
	c := &d.p.Choice
	return fields(value, path, func(name string, value []byte) (err error) {
		at := below(path, name)
		switch name {
		case "mode":
			var mode string
			mode, err = readEnum(value, at, "MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED")
			switch mode {
			case "", "MODE_UNSPECIFIED":
			case "VALIDATED":
				d.p.Hint(at + ".VALIDATED")
				c.Mode = protocol.ChoiceAuto
			case "AUTO":
				c.Mode = protocol.ChoiceAuto
			case "ANY":
				c.Mode = protocol.ChoiceAny
			case "NONE":
				c.Mode = protocol.ChoiceNone
			default:
				d.p.Keep(at)
			}
		case "allowedFunctionNames":
			c.Names, err = readTexts(value, at)
		case "streamFunctionCallArguments":
			d.p.Hint(at)
		default:
			d.p.Keep(at)
		}
		if c.Mode == protocol.ChoiceAny && len(c.Names) == 1 {
			c.Mode = protocol.ChoiceTool
		}
		return err
	})
}
