package ccload

import (
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/responses"
)

// formats lists the wire formats the gateway speaks. A new one is a package
// below protocol and a line here.
var formats = []protocol.Format{
	anthropic.Format{},
	openai.Format{},
	responses.Format{},
	gemini.Format{},
}

// formatOf returns the wire format of a protocol, nil if there is none.
func formatOf(p ai.Protocol) protocol.Format {
	for _, f := range formats {
		if f.ID() == p {
			return f
		}
	}
	return nil
}

// routes is the gateway's route table.
var routes = protocol.NewRoutes(formats)

// match is what a request's method and path come to.
type match struct {
	format   protocol.Format
	endpoint *protocol.Endpoint // nil: the path does not take the method
	variable string             // the {model} or {id} of the path
	path     string             // as the endpoint's documentation has it
	short    bool               // the path has no version: it may be that of another site
}

func findRoute(method, path string) match {
	m := routes.Find(method, path)
	return match{format: m.Format, endpoint: m.Endpoint, variable: m.Value, path: m.Path, short: m.Short}
}
