package ccload

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// TestBadInput: mistakes of the client get a clear error in its own protocol
// and never reach an upstream.
func TestBadInput(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t, channelAt("only", s, "key mk-ok", "models known-model other-model")+
		"token tests "+testToken+" {\nmodels known-model knwon-model nobodys-model\n}\n", "max_body 64KiB\nbody_timeout 300ms")
	anthropic := func(body string) answer { return g.post("/v1/messages", body) }
	tests := []struct {
		name    string
		ask     func() answer
		status  int
		p       ai.Protocol
		message string
	}{
		{"truncated JSON", func() answer { return anthropic(`{"model":"known-model","mess`) }, 400, ai.Anthropic, "cut short"},
		{"no JSON", func() answer { return anthropic(`hello`) }, 400, ai.Anthropic, "JSON"},
		{"empty body", func() answer { return anthropic(``) }, 400, ai.Anthropic, "empty"},
		{"array", func() answer { return anthropic(`[]`) }, 400, ai.Anthropic, "object"},
		{"duplicate model", func() answer { return anthropic(`{"model":"known-model","model":"other-model","messages":[]}`) }, 400, ai.Anthropic, "more than once"},
		{"duplicate model, escaped", func() answer { return anthropic(`{"model":"known-model","mod\u0065l":"other-model","messages":[]}`) }, 400, ai.Anthropic, "more than once"},
		{"model of another type", func() answer { return anthropic(`{"model":5,"messages":[]}`) }, 400, ai.Anthropic, "string"},
		{"missing model", func() answer { return anthropic(`{"messages":[]}`) }, 400, ai.Anthropic, "missing"},
		{"stream of another type", func() answer { return anthropic(`{"model":"known-model","stream":"maybe"}`) }, 400, ai.Anthropic, "stream"},
		{"unknown model", func() answer { return g.askModel(ai.OpenAI, "knwon-model", false) }, 404, ai.OpenAI, "close to it are known-model"},
		{"unknown model, Gemini", func() answer { return g.askModel(ai.Gemini, "nobodys-model", false) }, 404, ai.Gemini, "nobodys-model"},
		{"model not permitted", func() answer { return g.askModel(ai.Responses, "other-model", false) }, 403, ai.Responses, "other-model"},
		{"body too large", func() answer { return anthropic(`{"model":"known-model","x":"` + strings.Repeat("x", 70<<10) + `"}`) }, 413, ai.Anthropic, "64 KiB"},
		{"wrong method", func() answer { return g.do(http.MethodPut, "/v1/messages", `{}`) }, 405, ai.Anthropic, "PUT"},
		{"unknown token", func() answer {
			return g.post("/v1/messages", `{"model":"known-model"}`, func(r *http.Request) { r.Header.Set("Authorization", "Bearer nobody") })
		}, 401, ai.Anthropic, "token"},
		{"no token, Gemini", func() answer {
			return g.post("/v1beta/models/known-model:generateContent", `{}`, func(r *http.Request) { r.Header.Del("Authorization") })
		}, 401, ai.Gemini, "token"},
		{"not gzip", func() answer {
			return g.post("/v1/messages", `{"model":"known-model"}`, func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") })
		}, 400, ai.Anthropic, "Content-Encoding"},
		{"unknown encoding", func() answer {
			return g.post("/v1/messages", `{"model":"known-model"}`, func(r *http.Request) { r.Header.Set("Content-Encoding", "lzma") })
		}, 415, ai.Anthropic, "lzma"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := test.ask().want(t, test.status)
			message := errorShape(t, test.p, a.Body)
			if !strings.Contains(message, test.message) {
				t.Errorf("the message %q does not say %q", message, test.message)
			}
			if a.Header.Get("X-Ccload-Request-Id") == "" {
				t.Error("no request id")
			}
		})
	}
	if n := s.Total(); n > 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
	if len(g.cooling()) > 0 {
		t.Errorf("%v cool down", g.cooling())
	}
}

func TestOtherPathsAreTheNextHandlers(t *testing.T) {
	t.Parallel()
	g := newGateway(t, "", "")
	for _, path := range []string{"/", "/v1", "/v1/files", "/v2/messages", "/v1/messages/other", "/healthz", "/v1beta/files"} {
		a := g.do(http.MethodGet, path, "")
		if a.Status != 299 {
			t.Errorf("%s: status %d, want the next handler's", path, a.Status)
		}
	}
	for _, path := range []string{"/v1beta/models/g:predict", "/v1beta/models/:generateContent", "/v1/models/g:predict"} {
		if a := g.do(http.MethodPost, path, "{}"); a.Status != 299 {
			t.Errorf("POST %s: status %d, want the next handler's", path, a.Status)
		}
	}
	if a := g.do(http.MethodGet, "/health", "", func(r *http.Request) { r.Header.Del("Authorization") }); a.Status != 200 || a.Body != "" {
		t.Errorf("/health: %d %q", a.Status, a.Body)
	}
}

func TestWebSocketIsAnswered426(t *testing.T) {
	t.Parallel()
	g := newGateway(t, "", "")
	a := g.do(http.MethodGet, "/v1/responses", "", func(r *http.Request) {
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
	})
	a.want(t, http.StatusUpgradeRequired)
	errorShape(t, ai.Responses, a.Body)
}

// TestSlowBody: a client that does not send its body is answered 408.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	g := newGateway(t, channelAt("only", fake(t), "key mk-ok"), "body_timeout 200ms")
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: "+testToken+"\r\nContent-Length: 1000\r\n\r\n{\"model\":")
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	text, _ := io.ReadAll(io.LimitReader(conn, 4096))
	if !strings.HasPrefix(string(text), "HTTP/1.1 408") {
		t.Errorf("got %q", clipped(string(text)))
	}
}

// TestNoTokens: without tokens nobody gets in; the gateway is never open by
// accident, only by a token that says so.
func TestNoTokens(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t, channelAt("only", s, "key mk-ok")+"# no token ", "")
	a := g.ask(ai.Anthropic, false).want(t, http.StatusUnauthorized)
	if message := errorShape(t, ai.Anthropic, a.Body); !strings.Contains(message, "no client tokens") {
		t.Errorf("the message is %q", message)
	}
	open := newGateway(t, channelAt("only", s, "key mk-ok")+"token anonymous", "")
	open.ask(ai.Anthropic, false, func(r *http.Request) { r.Header.Del("Authorization") }).want(t, http.StatusOK)
}

// TestEchoedSecrets: some upstreams repeat in their errors what they were sent.
func TestEchoedSecrets(t *testing.T) {
	t.Parallel()
	const key = "sk-upstream-0123456789"
	url := upstream(t, func(w http.ResponseWriter, _ []byte) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Echo", "got "+key)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"type":"invalid_request_error","message":"bad key `+key+`"}}`)
	})
	g := newGateway(t, channelURL("only", url, "key "+key), "")
	for _, p := range ai.Protocols {
		a := g.ask(p, false).want(t, http.StatusBadRequest)
		if strings.Contains(a.Body, key) || strings.Contains(fmt.Sprint(a.Header), key) || !strings.Contains(a.Body, "[redacted]") {
			t.Errorf("%s: the client gets %s, %v", p, a.Body, a.Header)
		}
	}
}

// TestOddModelNames: a name that is no text is refused before anybody is asked.
func TestOddModelNames(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t, channelAt("only", s, "key mk-ok"), "")
	g.post("/v1/messages", "{\"model\":\"m-\xff\xfe\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}").want(t, http.StatusBadRequest)
	g.post("/v1beta/models/m-%ff:generateContent", `{"contents":[{"parts":[{"text":"x"}]}]}`).want(t, http.StatusBadRequest)
	if s.Total() > 0 {
		t.Errorf("the upstream was asked %d times", s.Total())
	}
}

// TestEmptyListsRestNobody: there is nothing to say to an empty list.
func TestEmptyListsRestNobody(t *testing.T) {
	t.Parallel()
	g := newGateway(t, channelAt("only", fake(t), "key mk-ok"), "")
	g.post("/v1beta/models/m:batchEmbedContents", `{"requests":[]}`)
	if len(g.cooling()) > 0 {
		t.Errorf("%v cool down", g.cooling())
	}
}
