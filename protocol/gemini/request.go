package gemini

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// ReadRequest finds in a request what routing must know.
func (Format) ReadRequest(ep *protocol.Endpoint, r *http.Request, body []byte) (protocol.Request, error) {
	if ep.ModelIn != protocol.ModelInPath {
		return protocol.Request{}, nil
	}
	model, _ := protocol.PathValue(ep, r.URL.Path)
	if model == "" {
		return protocol.Request{}, protocol.MissingModel()
	}
	if err := protocol.CheckModel(model); err != nil {
		return protocol.Request{}, err
	}
	f, err := protocol.ReadJSONRequest(body)
	if err != nil {
		return protocol.Request{}, err
	}
	if f.Model != "" && plain(f.Model) != plain(model) {
		return protocol.Request{}, otherModel()
	}
	if ep.Operation == ai.Embed {
		if err := checkRequests(f.Requests.In(body), model); err != nil {
			return protocol.Request{}, err
		}
	}
	req := protocol.Request{
		Model:      model,
		Stream:     ep.Streams == protocol.StreamAlways,
		MaxOutput:  maxOutput(f.GenerationConfig.In(body)),
		WantsUsage: true,
	}
	events, err := wantsEvents(r.URL.RawQuery)
	if err != nil {
		return protocol.Request{}, err
	}
	req.Array = req.Stream && !events
	if ep.Operation == ai.Generate {
		req.Conversation = conversation(r.Header, body, &f)
	}
	return req, nil
}

// plain is a model's name without the collection it is in.
func plain(model string) string { return model[strings.LastIndexByte(model, '/')+1:] }

// checkRequests refuses a batch that names another model than the path: what
// the token may use is checked on the path.
func checkRequests(requests []byte, model string) error {
	_, _, other := scan.FindElement(requests, func(start, end int) bool {
		one := requests[start:end]
		from, to, ok := scan.Get(one, "model")
		if !ok {
			return false
		}
		name, _ := scan.String(one[from:to])
		return plain(name) != plain(model)
	})
	if other {
		return otherModel()
	}
	return nil
}

func otherModel() error {
	return protocol.ModelError("the body names another model than the path")
}

func maxOutput(config []byte) int64 {
	for _, name := range []string{"maxOutputTokens", "max_output_tokens"} {
		if start, end, ok := scan.Get(config, name); ok {
			n, _ := scan.Int(config[start:end])
			return max(n, 0)
		}
	}
	return 0
}

// query lists what goes upstream of a query: how the answer is written. Others
// of Google's choose what of an answer comes back ("fields") or make it a
// script ("callback").
var query = []string{"alt", "$alt", "prettyPrint", "$prettyPrint"}

// wantsEvents reports whether a query asks for server-sent events rather than
// JSON. There is nothing else that could be followed here, and servers differ
// in which of two words they believe.
func wantsEvents(raw string) (bool, error) {
	said := ""
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err != nil || name != "alt" && name != "$alt" {
			continue
		}
		value, err := url.QueryUnescape(value)
		value, _, _ = strings.Cut(value, ";") // "json;enum-encoding=int"
		if err != nil || value != "sse" && value != "json" || said != "" && said != value {
			return false, &protocol.RequestError{
				Status: http.StatusBadRequest, Code: "invalid_parameter", Param: "alt",
				Message: `the parameter "alt" must be sse or json, and only one of them`,
			}
		}
		said = value
	}
	return said == "sse", nil
}

// conversation is the session that the client names, else the cache it uses,
// else a hash of tools, system instruction and first user turn.
func conversation(header http.Header, body []byte, f *protocol.Fields) uint64 {
	if named := protocol.Session(header); named != 0 {
		return named
	}
	if named := protocol.Named(f.CachedContent.Text(body)); named != 0 {
		return named
	}
	var h protocol.Hash
	h.Add(f.Tools.In(body))
	h.AddContent(f.SystemInstruction.In(body))
	h.AddOpening(f.Contents.In(body))
	return h.Sum()
}
