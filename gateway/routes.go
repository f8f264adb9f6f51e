package gateway

import (
	"net/http"

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

// modelListFormat is the format of a client that asks for models at a path of
// format's: OpenAI and Anthropic share theirs, and Anthropic's clients name the
// version of its API.
func modelListFormat(format protocol.Format, header http.Header) protocol.Format {
	if format.ID() == ai.OpenAI && header.Get("Anthropic-Version") != "" {
		return anthropic.Format{}
	}
	return format
}

// routes is the gateway's route table.
var routes = protocol.NewRoutes(formats)

// Match is what a request's method and path come to.
type Match struct {
	Format   protocol.Format
	Endpoint *protocol.Endpoint // nil: the path does not take the method
	variable string             // the {model} or {id} of the path
	path     string             // as the endpoint's documentation has it
	Short    bool               // the path has no version: it may be that of another site
}

// FindRoute finds what a method and a path come to; its Format is nil if the path
// is none of the gateway's.
func FindRoute(method, path string) Match {
	m := routes.Find(method, path)
	return Match{Format: m.Format, Endpoint: m.Endpoint, variable: m.Value, path: m.Path, Short: m.Short}
}
