package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// TestFormatsReadTheirOwnTests shows that what a format asks to test a channel
// is a request of that format: any name and prompt, streamed or whole.
func TestFormatsReadTheirOwnTests(t *testing.T) {
	for _, format := range formats {
		tester, ok := format.(protocol.Tester)
		if !ok {
			t.Errorf("%s cannot test a channel", format.ID())
			continue
		}
		for _, model := range []string{"gpt-5", "vendor/some.model:free", `odd "name"`} {
			for _, stream := range []bool{false, true} {
				endpoint := protocol.GenerateEndpoint(format, stream)
				path, err := endpoint.URLPath(model)
				if err != nil {
					t.Fatal(err)
				}
				out := tester.TestRequest(model, "say \"hi\"\n<b>", 100, stream)
				r := httptest.NewRequest(http.MethodPost, path+"?"+out.Query, nil)
				found := FindRoute(r.Method, r.URL.Path)
				if found.Format != format || found.Endpoint.Operation != ai.Generate {
					t.Errorf("%s: %s is no path to generate", format.ID(), path)
					continue
				}
				got, err := format.ReadRequest(found.Endpoint, r, out.Body)
				if err != nil || got.Model != model || got.Stream != stream || got.Array {
					t.Errorf("%s: %s is read as model %q, stream %v, array %v, %v", format.ID(), out.Body, got.Model, got.Stream, got.Array, err)
				}
				prompt, err := CodecOf(format.ID()).DecodePrompt(&protocol.Inbound{
					Endpoint: found.Endpoint, Model: model, Stream: stream, Header: out.Header, Body: out.Body,
				})
				if err != nil || len(prompt.Turns) != 1 || prompt.Turns[0].Parts[0].Text != "say \"hi\"\n<b>" {
					t.Errorf("%s: %s is read as %+v, %v", format.ID(), out.Body, prompt, err)
				}
			}
		}
		if least := tester.TestRequest("m", "hi", 0, false); !strings.Contains(string(least.Body), "hi") {
			t.Errorf("%s: %s does not ask", format.ID(), least.Body)
		}
	}
}

// TestFormatsAnswerWhatTheyRoute shows that whoever has an endpoint that counts
// can answer it, and that what asks for models is a path of a list.
func TestFormatsAnswerWhatTheyRoute(t *testing.T) {
	for _, format := range formats {
		counts := false
		for _, ep := range format.Endpoints() {
			counts = counts || ep.Operation == ai.CountTokens
		}
		if counter, ok := format.(protocol.TokenCounter); ok != counts {
			t.Errorf("%s has an endpoint that counts: %v; can answer it: %v", format.ID(), counts, ok)
		} else if ok && !strings.Contains(string(counter.CountAnswer(1234)), "1234") {
			t.Errorf("%s: %s", format.ID(), counter.CountAnswer(1234))
		}
		lister, ok := format.(protocol.ModelLister)
		if !ok {
			t.Errorf("%s lists no models", format.ID())
			continue
		}
		path, _, header := lister.ModelsRequest()
		if found := FindRoute(http.MethodGet, path); found.Endpoint == nil || found.Endpoint.Operation != ai.ListModels {
			t.Errorf("%s: %s is no list of models", format.ID(), path)
		}
		if header == nil {
			t.Errorf("%s: the header cannot be changed", format.ID())
		}
	}
}
