package protocol_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/responses"
)

var table = protocol.NewRoutes([]protocol.Format{anthropic.Format{}, openai.Format{}, responses.Format{}, gemini.Format{}})

func TestRoutes(t *testing.T) {
	for _, row := range []struct {
		method, path string
		want         string // path of the endpoint; "": nobody's; "405": another method's
		value        string
		short        bool
	}{
		{"POST", "/v1/messages", "/v1/messages", "", false},
		{"GET", "/v1/messages", "405", "", false},
		{"GET", "/v1/responses", "405", "", false}, // a WebSocket
		{"POST", "/v1/images/generations", "/v1/images/generations", "", false},
		{"POST", "/v1/images/edits", "/v1/images/edits", "", false},
		{"POST", "/v1/images/variations", "/v1/images/variations", "", false},
		{"POST", "/v1/images/others", "", "", false},
		{"POST", "/v1/audio/speech", "/v1/audio/speech", "", false},
		{"POST", "/v1/audio/transcriptions", "/v1/audio/transcriptions", "", false},
		{"POST", "/v1/audio/translations", "/v1/audio/translations", "", false},
		{"POST", "/v1/audio/voices", "", "", false},
		{"GET", "/v1/responses/resp_1", "/v1/responses/{id}", "resp_1", false},
		{"DELETE", "/v1/responses/resp_1", "/v1/responses/{id}", "resp_1", false},
		{"POST", "/v1/responses/resp_1", "405", "", false},
		{"POST", "/v1/responses/resp_1/cancel", "/v1/responses/{id}/cancel", "resp_1", false},
		{"DELETE", "/v1/responses/resp_1/cancel", "405", "", false},
		{"GET", "/v1/responses/resp_1/input_items", "/v1/responses/{id}/input_items", "resp_1", false},
		{"GET", "/v1/responses/resp_1/other", "", "", false},
		{"GET", "/v1/responses/" + strings.Repeat("a", 512), "/v1/responses/{id}", strings.Repeat("a", 512), false},
		{"GET", "/v1/responses/" + strings.Repeat("a", 513), "", "", false},
		{"GET", "/v1/responses/cmVzcF8x==", "/v1/responses/{id}", "cmVzcF8x==", false},
		{"GET", "/v1/responses/..", "", "", false},
		{"GET", "/v1/responses/resp.", "", "", false},
		{"GET", "/v1/responses/resp;x=1", "", "", false},
		{"GET", "/v1/responses/resp\x00", "", "", false},
		{"GET", "/v1/responses/resp%2e", "", "", false},
		{"GET", `/v1/responses/a\..\b`, "", "", false},
		{"POST", "/v1beta/models/g-3:generateContent", "/v1beta/models/{model}:generateContent", "g-3", false},
		{"POST", "/v1/models/a/b:countTokens", "/v1/models/{model}:countTokens", "a/b", false},
		{"POST", "/v1beta/models/g-3:predict", "", "", false},
		{"PUT", "/v1beta/models/g-3:generateContent", "405", "", false},
		{"GET", "/v1/models/llama3:8b", "/v1/models/{model}", "llama3:8b", false},
		{"HEAD", "/v1/models", "/v1/models", "", false},
		{"HEAD", "/v1/messages", "405", "", false},

		// base URLs that are wrong
		{"POST", "/v1/v1/messages", "/v1/messages", "", false},
		{"POST", "/v1/v1/v1/messages", "/v1/messages", "", false},
		{"POST", "/v1/v1beta/models/g:generateContent", "/v1beta/models/{model}:generateContent", "g", false},
		{"GET", "/v1beta/v1beta/models", "/v1beta/models", "", false},
		{"POST", "/v1/messages/", "/v1/messages", "", false},
		{"POST", "//v1//messages//", "/v1/messages", "", false},
		{"POST", "/v1/chat/completions/chat/completions", "/v1/chat/completions", "", false},
		{"POST", "/v1/messages/v1/messages", "/v1/messages", "", false},
		{"POST", "/v1/responses/responses", "/v1/responses", "", false},
		{"GET", "/v1/v1/messages", "405", "", false},
		{"POST", "/messages", "/v1/messages", "", true},
		{"POST", "/chat/completions/", "/v1/chat/completions", "", true},
		{"POST", "/models/g:generateContent", "/v1beta/models/{model}:generateContent", "g", true},
		{"GET", "/models", "/v1/models", "", true},
		{"GET", "/responses/resp_1", "/v1/responses/{id}", "resp_1", true},
		{"GET", "/messages", "405", "", true},

		// nobody's
		{"POST", "/", "", "", false},
		{"POST", "", "", "", false},
		{"OPTIONS", "*", "", "", false},
		{"POST", "/v1", "", "", false},
		{"POST", "/v1/", "", "", false},
		{"POST", "v1/messages", "", "", false},
		{"POST", "/v1/files", "", "", false},
		{"POST", "/V1/Messages", "", "", false},
		{"POST", "/v1/messages;x", "", "", false},
		{"POST", "/v1/messages.", "", "", false},
		{"POST", "/v1/messages/..", "", "", false},
		{"POST", "/v1/images/../files", "", "", false},
		{"POST", `/v1/images\generations`, "", "", false},
		{"POST", "/v2/messages", "", "", false},
	} {
		m := table.Find(row.method, row.path)
		got := ""
		switch {
		case m.Endpoint != nil:
			got = m.Endpoint.Path
		case m.Format != nil:
			got = "405"
			if len(table.Allowed(m.Path)) == 0 {
				t.Errorf("%s %s: no method is allowed", row.method, row.path)
			}
		}
		if got != row.want || m.Value != row.value || m.Short != row.short && got != "" {
			t.Errorf("%s %s: %q, value %q, short %t", row.method, row.path, got, m.Value, m.Short)
		}
	}
}

func TestURLPath(t *testing.T) {
	model, id := &protocol.Endpoint{Path: "/v1beta/models/{model}:generateContent"}, &protocol.Endpoint{Path: "/v1/responses/{id}/cancel"}
	for _, row := range []struct {
		ep          *protocol.Endpoint
		value, want string // "": refused
	}{
		{model, "gemini-2.5-pro", "/v1beta/models/gemini-2.5-pro:generateContent"},
		{model, "models/gemini-2.5-pro", "/v1beta/models/gemini-2.5-pro:generateContent"},
		{model, "publishers/google/models/x", "/v1beta/models/publishers%2Fgoogle%2Fmodels%2Fx:generateContent"},
		{model, "a b?c#d;e%2f", "/v1beta/models/a%20b%3Fc%23d%3Be%252f:generateContent"},
		{model, "a...b", "/v1beta/models/a...b:generateContent"},
		{model, "...", "/v1beta/models/...:generateContent"},
		{model, "é", "/v1beta/models/%C3%A9:generateContent"},
		{model, "", ""},
		{model, "models/", ""},
		{model, ".", ""},
		{model, "..", ""},
		{model, "models/..", ""},
		{model, "../x", ""},
		{model, "x/..", ""},
		{model, `x\..\y`, ""},
		{model, "%2e%2e", ""},
		{model, "%2E.", ""},
		{model, "x%2f..", ""},
		{model, "x%5C%2e%2e", ""},
		{model, "%252e%252e", ""},
		{model, "..;a=b/x", ""},
		{model, "x\x00", ""},
		{model, "x\r\nHost: a", ""},
		{model, "\xff", ""},
		{model, strings.Repeat("a", 257), ""},
		{id, "resp_1", "/v1/responses/resp_1/cancel"},
		{id, "..", ""},
		{id, "a/b", ""},
		{id, "", ""},
		{&protocol.Endpoint{Path: "/v1/messages"}, "ignored", "/v1/messages"},
	} {
		got, err := row.ep.URLPath(row.value)
		if got != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%q: %q, %v", row.value, got, err)
		}
	}
}

func TestForwardQuery(t *testing.T) {
	ep := &protocol.Endpoint{Query: []string{"beta", "include[]", "alt"}}
	for raw, want := range map[string]string{
		"":                                   "",
		"beta=true":                          "beta=true",
		"model=forbidden&beta=true&key=k":    "beta=true",
		"%6dodel=x&%6Bey=k&api_key=k":        "",
		"include[]=a&include[]=b%2Fc&x=1":    "include[]=a&include[]=b%2Fc",
		"include%5B%5D=a":                    "include%5B%5D=a",
		"BETA=1":                             "",
		"beta=true;model=x":                  "beta=true%3Bmodel%3Dx",
		"beta=true#fragment":                 "beta=true%23fragment",
		"beta=a b":                           "beta=a+b",
		"beta=%zz":                           "",
		"beta=a%26key=b":                     "beta=a%26key=b",
		"beta":                               "beta",
		"access_token=a&authorization=b&alt": "alt",
		"beta=\"<é":                          "beta=%22%3C%C3%A9",
	} {
		if got := ep.ForwardQuery(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
	if got := (&protocol.Endpoint{}).ForwardQuery("beta=true"); got != "" {
		t.Errorf("an endpoint that lists nothing forwards %q", got)
	}
	for _, row := range [][3]string{
		{"", "beta=1", "beta=1"},
		{"api-version=1", "", "api-version=1"},
		{"api-version=1", "beta=1&api%2Dversion=2", "api-version=1&beta=1"},
	} {
		if got := protocol.JoinQuery(row[0], row[1]); got != row[2] {
			t.Errorf("%v: %q", row, got)
		}
	}
}

// TestEndpointQueries: no endpoint forwards a credential, a model, or what
// chooses what of an answer comes back.
func TestEndpointQueries(t *testing.T) {
	for _, f := range []protocol.Format{anthropic.Format{}, openai.Format{}, responses.Format{}, gemini.Format{}} {
		for _, ep := range f.Endpoints() {
			for _, name := range []string{"key", "model", "deployment", "access_token", "api_key", "api-key", "oauth_token", "token", "fields", "$fields", "callback"} {
				if got := ep.ForwardQuery(name + "=x"); got != "" {
					t.Errorf("%s forwards %s", ep.Path, got)
				}
			}
			if strings.Contains(ep.Path, "*") {
				t.Errorf("%s stands for paths that are not listed", ep.Path)
			}
		}
	}
}

// listed are the paths that an upstream may see, written independently of the
// route table.
var listed = regexp.MustCompile(`^/v1/messages$|^/v1/messages/count_tokens$|^/v1/(chat/)?completions$|^/v1/(embeddings|moderations|rerank)$` +
	`|^/v1/images/(generations|edits|variations)$|^/v1/audio/(speech|transcriptions|translations)$` +
	`|^/v1/responses(/compact|/input_tokens)?$|^/v1/responses/[A-Za-z0-9_=-]+(/cancel|/input_items)?$` +
	`|^/v1(beta)?/models(/[^/\\?#;]+)?$`)

// FuzzUpstreamPath: whatever a client sends, the upstream sees a listed
// endpoint, and nothing of a model or an id is a segment of its own.
func FuzzUpstreamPath(f *testing.F) {
	for _, seed := range []string{
		"POST /v1/images/../files", "POST /v1/images/..%2f..%2fv1%2forganization%2fadmin_api_keys", "DELETE /v1/responses/resp_1/../../files/f",
		"GET /v1/responses/resp_1/../resp_other", "GET /v1/responses/%2e%2e/x", `GET /v1/responses/a\..\b`, "POST /v1beta/models/..%2f..%2fx:generateContent?alt=sse",
		"POST /v1beta/models/a%252fb%00:countTokens", "GET /v1/responses/a;b?key=x&model=y", "POST http://evil/v1/messages?beta=true", "POST //evil/v1/messages",
		"POST /v1/messages/v1/messages?model=x;beta=1#y", "GET /v1/models/..", "POST /v1/v1/responses/", "GET /v1/responses/resp_1?include[]=a&after=b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		method, target, _ := strings.Cut(line, " ")
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return // net/http answers it itself
		}
		m := table.Find(method, u.Path)
		if m.Endpoint == nil {
			return
		}
		path, err := m.Endpoint.URLPath(m.Value)
		if err != nil {
			return
		}
		if !listed.MatchString(path) || m.Short != !strings.HasPrefix(strings.TrimLeft(u.Path, "/"), "v1") {
			t.Fatalf("%q leads to %q", line, path)
		}
		up, err := url.Parse("https://upstream.example/base" + path + "?" + m.Endpoint.ForwardQuery(u.RawQuery))
		if err != nil {
			t.Fatalf("%q leads to %q: %v", line, path, err)
		}
		if resolved := up.JoinPath().EscapedPath(); resolved != "/base"+path || up.Fragment != "" || up.Host != "upstream.example" {
			t.Fatalf("%q leads to %s, which is cleaned to %q", line, up, resolved)
		}
		twice, err := url.PathUnescape(up.Path)
		for ; err == nil; twice, err = url.PathUnescape(twice) {
			for segment := range strings.FieldsFuncSeq(twice, func(r rune) bool { return r == '/' || r == '\\' }) {
				if segment == "." || segment == ".." {
					t.Fatalf("%q leads to %q, which unescaped again climbs", line, path)
				}
			}
			if next, err := url.PathUnescape(twice); err != nil || next == twice {
				break
			}
		}
		for name := range up.Query() {
			if name == "key" || name == "model" {
				t.Fatalf("%q forwards %s", line, name)
			}
		}
		r := &http.Request{Method: method, URL: &url.URL{Path: m.Path}, Header: http.Header{}}
		_, _ = m.Format.ReadRequest(m.Endpoint, r, []byte(`{"model":"m"}`))
	})
}
