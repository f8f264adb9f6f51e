package ccload

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/ccload/ccload/ai"
)

// bareUpstream answers everything alike and notes the lines it was asked with.
type bareUpstream struct {
	*httptest.Server
	mu    sync.Mutex
	lines []string
}

func newBareUpstream(t *testing.T, header http.Header, body string) *bareUpstream {
	t.Helper()
	u := new(bareUpstream)
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.mu.Lock()
		u.lines = append(u.lines, r.Method+" "+r.RequestURI)
		u.mu.Unlock()
		maps.Copy(w.Header(), header)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(u.Close)
	return u
}

// asked returns what the upstream was asked since the last time.
func (u *bareUpstream) asked() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	lines := u.lines
	u.lines = nil
	return lines
}

// channel writes a channel of given protocols at the upstream, whose address
// has a path.
func (u *bareUpstream) channel(name, protocols string, lines ...string) string {
	return fmt.Sprintf("channel %s {\nurl %s/base\nkey upstream-key\nprotocol %s\n%s\n}\n", name, u.URL, protocols, strings.Join(lines, "\n"))
}

const (
	aChatAnswer   = `{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`
	aGeminiAnswer = `{"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":"STOP"}]}`
)

// raw sends a request whose target is sent as it is written, and returns the
// status of the answer.
func (g *testGateway) raw(method, target, body string) int {
	g.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.URL, "http://"))
	if err != nil {
		g.t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		method, target, testToken, len(body), body)
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		g.t.Fatalf("%s %q: %v", method, target, err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// mayBeAsked are the lines an upstream may see, written without the route
// table.
var mayBeAsked = regexp.MustCompile(`^(POST /base/v1/(messages(/count_tokens)?|(chat/)?completions|embeddings|moderations|rerank` +
	`|images/(generations|edits|variations)|audio/(speech|transcriptions|translations)|responses(/compact|/input_tokens|/[\w=-]+/cancel)?)` +
	`|(GET|DELETE) /base/v1/responses/[\w=-]+|GET /base/v1/responses/[\w=-]+/input_items` +
	`|POST /base/v1(beta)?/models/[^/?#;\\]+:(generateContent|streamGenerateContent|countTokens|embedContent|batchEmbedContents))` +
	`(\?(beta|alt|include\[\]|after|limit)=[\w%-]+(&.*)?)?$` +
	`|^GET /base/v1(beta)?/models\?(limit|pageSize)=1000$`) // the gateway's own question

// TestNothingOfAPathGoesUp: whatever a client sends, the upstream sees its base
// path and a listed endpoint.
func TestNothingOfAPathGoesUp(t *testing.T) {
	t.Parallel()
	u := newBareUpstream(t, http.Header{"Content-Type": {"application/json"}}, `{"id":"resp_mine","object":"response","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"hi"}]}]}`)
	g := newGateway(t, u.channel("c", "anthropic openai responses gemini"), "")
	g.post("/v1/responses", `{"model":"m","input":"hi"}`).want(t, 200) // now resp_mine is this token's
	u.asked()

	const own = "/v1/responses/resp_mine"
	climbs := []string{
		"..", "%2e%2e", "%2E%2e", ".%2e", "%252e%252e", "..%2f..", "..%2F..%2f..", "%2e%2e%2f", "..%5c..", `..\..`, "%5c..%5c", "..;", "..;x=1", "..%3b", "..%00", "..%2500",
		"..%c0%af..", "..%ef%bc%8f..", ".", "./..", "...%2f..", "..%20", "..%09", "..?", "//..//..",
	}
	var targets []string
	for _, climb := range climbs {
		for _, pattern := range []string{
			"/v1/images/%s/files", "/v1/images/%s", "/v1/audio/%s/files", "/v1/responses/%s/x", own + "/%s/resp_other", own + "/%s/cancel", own + "/%s",
			"/v1/messages/%s/files", "/v1beta/models/%s:generateContent", "/v1beta/models/%s/files:generateContent", "/v1beta/models/x%s:countTokens",
			"/v1/models/m/%s/x:streamGenerateContent", "/%s/v1/messages", "/v1/%s/v1/messages", "http://evil.example/%s/v1/messages",
		} {
			targets = append(targets, fmt.Sprintf(pattern, climb))
		}
	}
	targets = append(
		targets,
		"/v1/images/..%2f..%2fv1%2forganization%2fadmin_api_keys", own+";jsessionid=1", own+"%00", own+"%0d%0aHost:%20x", own+".", own+"%20", own+"/../../files/f",
		"/v1/responses/"+strings.Repeat("a", 5000), "http://evil.example/v1/messages", "//evil.example/v1/messages", "/v1/messages%3fx=1", "/v1/messages?model=forbidden&key=k#x",
		"/v1/v1/messages", "/v1/messages//", "/messages", "/v1/messages/v1/messages", "/v1beta/models/publishers%2Fgoogle%2Fmodels%2Fg:generateContent",
		"/v1/images/generations?model=forbidden", own+"?include[]=a&after=b;model=c",
	)
	asked := 0
	for _, target := range targets {
		for _, method := range []string{"POST", "GET", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"} {
			status := g.raw(method, target, `{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":9,"input":"hi","prompt":"hi","contents":[]}`)
			for _, line := range u.asked() {
				asked++
				if !mayBeAsked.MatchString(line) || strings.Contains(line, "forbidden") {
					t.Errorf("%s %q: the upstream was asked %q", method, target, line)
				}
			}
			if status >= 500 && status != 502 {
				t.Errorf("%s %q: status %d", method, target, status)
			}
		}
	}
	if asked < 10 {
		t.Errorf("the upstream was asked %d times: nothing was tried", asked)
	}
}

// TestModelInThePath: where the upstream's protocol has the model in the path,
// it is one escaped segment, whatever protocol the client speaks.
func TestModelInThePath(t *testing.T) {
	t.Parallel()
	u := newBareUpstream(t, http.Header{"Content-Type": {"application/json"}}, aGeminiAnswer)
	g := newGateway(t, u.channel("c", "gemini", "models *", "model short publishers/google/models/long"), "")
	for _, row := range []struct{ model, asked string }{
		{"gemini-2.5-pro", "gemini-2.5-pro"},
		{"short", "publishers%2Fgoogle%2Fmodels%2Flong"},
		{"a/b", "a%2Fb"},
		{"models/g", "g"},
		{"a?alt=media#x", "a%3Falt=media%23x"},
		{"a%2f%2fb", "a%252f%252fb"},
		{"..", ""},
		{".", ""},
		{"../../files", ""},
		{`..\\..\\files`, ""},
		{"%2e%2e/x", ""},
		{"x/%252e%252E/y", ""},
	} {
		for path, rest := range map[string]string{
			"/v1/chat/completions": `"messages":[{"role":"user","content":"hi"}]`,
			"/v1/messages":         `"max_tokens":9,"messages":[{"role":"user","content":"hi"}]`,
			"/v1/responses":        `"input":"hi"`,
		} {
			a := g.post(path, `{"model":"`+row.model+`",`+rest+`}`)
			asked := u.asked()
			switch {
			case row.asked == "":
				if a.Status != 400 || len(asked) > 0 || !strings.Contains(a.Body, "invalid_model") {
					t.Errorf("%s %s: status %d, asked %q", path, row.model, a.Status, asked)
				}
			case len(asked) != 1 || asked[0] != "POST /base/v1beta/models/"+row.asked+":generateContent":
				t.Errorf("%s %s: asked %q\n%s", path, row.model, asked, a.Body)
			}
		}
	}
}

// TestWrongBaseURL: the mistakes that people make with base URLs are served.
func TestWrongBaseURL(t *testing.T) {
	t.Parallel()
	u := newBareUpstream(t, http.Header{"Content-Type": {"application/json"}}, aChatAnswer)
	g := newGateway(t, u.channel("c", "openai"), "")
	_, body := generation(ai.OpenAI, "m", false)
	stranger := func(r *http.Request) { r.Header.Set("Authorization", "Bearer of-another-site-000") }
	nobody := func(r *http.Request) { r.Header.Del("Authorization") }
	for _, path := range []string{"/v1/v1/chat/completions", "/v1/chat/completions/", "//v1/chat/completions", "/chat/completions", "/chat/completions?key=x"} {
		g.post(path, body).want(t, 200)
		if asked := u.asked(); len(asked) != 1 || asked[0] != "POST /base/v1/chat/completions" {
			t.Errorf("%s: the upstream was asked %q", path, asked)
		}
	}
	for path, status := range map[string]int{"/v1/v1/chat/completions": 401, "/v1/chat/completions/": 401, "/chat/completions": 299, "/models": 299} {
		for _, who := range []func(*http.Request){stranger, nobody} {
			g.post(path, body, who).want(t, status)
		}
	}
	g.do(http.MethodGet, "/models", "").want(t, 200)
	g.do(http.MethodPut, "/chat/completions", "").want(t, 405)
}

// TestPathsThatNobodyTakes: below the versions of the protocols a client gets an
// error that it can read, if no other handler takes the path.
func TestPathsThatNobodyTakes(t *testing.T) {
	t.Parallel()
	g := startGateway(t, fmt.Sprintf("{\nadmin off\nauto_https off\npersist_config off\nccload {\nstore sqlite %s\ntoken tests %s\n}\n}\nhttp://127.0.0.1:9 {\nccload\nrespond /v1/taken 204\n}\n",
		filepath.Join(t.TempDir(), "ccload.db"), testToken))
	for path, p := range map[string]ai.Protocol{
		"/v1/files": ai.OpenAI, "/v1": ai.OpenAI, "/v1/": ai.OpenAI, "/v1/images/others": ai.OpenAI, "/v1/messages/batches": ai.Anthropic,
		"/v1/responses/resp_1/other": ai.Responses, "/v1beta/files": ai.Gemini, "/v1beta/models/m:predict": ai.Gemini, "/v1/..": ai.OpenAI,
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			if method == "GET" && strings.HasSuffix(path, ":predict") {
				continue // a model's name
			}
			a := g.do(method, path, "{}").want(t, 404)
			if message := errorShape(t, p, a.Body); !strings.Contains(message, "/v1/messages") {
				t.Errorf("%s %s: the message names no endpoint: %s", method, path, message)
			}
			if a.Header.Get("X-Should-Retry") != "false" || a.Header.Get("X-Ccload-Request-Id") == "" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s %s: %v", method, path, a.Header)
			}
		}
	}
	if a := g.do(http.MethodHead, "/v1/files", "").want(t, 404); a.Body != "" {
		t.Errorf("HEAD is answered with a body: %q", a.Body)
	}
	g.do(http.MethodGet, "/v1/taken", "").want(t, 204)
	if a := g.do(http.MethodGet, "/v10/x", ""); a.Status != 200 || a.Body != "" {
		t.Errorf("a path of no protocol: %d %q", a.Status, a.Body)
	}
}

// TestFinalRefusals: SDKs are told what it is no use to repeat.
func TestFinalRefusals(t *testing.T) {
	t.Parallel()
	g := newGateway(t, "token limited limited-token-0123456789 {\nmodels other\nrpm 1\n}\ntoken tests "+testToken, "max_body 2KiB")
	as := func(secret string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
	}
	_, body := generation(ai.Anthropic, "m", false)
	for _, row := range []struct {
		name   string
		a      answer
		status int
		final  bool
	}{
		{"bad JSON", g.post("/v1/messages", "{"), 400, true},
		{"wrong token", g.post("/v1/messages", body, as("wrong-token-0123456789")), 401, true},
		{"forbidden model", g.post("/v1/messages", body, as("limited-token-0123456789")), 403, true},
		{"no such model", g.post("/v1/messages", body), 404, true},
		{"wrong method", g.do(http.MethodPut, "/v1/messages", body), 405, true},
		{"too large", g.post("/v1/messages", `{"model":"`+strings.Repeat("a", 4096)+`"}`), 413, true},
	} {
		if row.a.Status != row.status || (row.a.Header.Get("X-Should-Retry") == "false") != row.final {
			t.Errorf("%s: status %d, X-Should-Retry %q", row.name, row.a.Status, row.a.Header.Get("X-Should-Retry"))
		}
	}
	s := fake(t, "overloaded", "overloaded", "overloaded", "overloaded", "overloaded", "overloaded")
	busy := newGateway(t, channelAt("c", s), "max_wait 0")
	if a := busy.ask(ai.Anthropic, false); a.Status < 500 || a.Header.Get("X-Should-Retry") != "" {
		t.Errorf("an overload: status %d, X-Should-Retry %q", a.Status, a.Header.Get("X-Should-Retry"))
	}
}

// TestAnswersOfAnUpstreamAreData: no relay can say anything to a browser in the
// name of this site.
func TestAnswersOfAnUpstreamAreData(t *testing.T) {
	t.Parallel()
	evil := http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Content-Security-Policy": {"default-src *"}, "X-Accel-Redirect": {"/etc/passwd"}, "X-Accel-Buffering": {"yes"},
		"X-Sendfile": {"/etc/passwd"}, "Location": {"https://evil.example"}, "Refresh": {"0;url=https://evil.example"}, "Set-Cookie": {"ccload=1"}, "Cache-Control": {"public"},
		"Access-Control-Allow-Origin": {"*"}, "X-Content-Type-Options": {"off"}, "Link": {"</x>;rel=preload"}, "Clear-Site-Data": {"*"}, "X-Acme-Trace": {"t1"}, "X-Other": {"o"},
		"X-Request-Id": {"r1"}, "X-Ratelimit-Remaining-Requests": {"7"}, "X-Ccload-Channel": {"forged"},
	}
	const stream = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
	whole, events := newBareUpstream(t, evil, aChatAnswer), newBareUpstream(t, evil, stream)
	svg := evil.Clone()
	svg.Set("Content-Type", "image/svg+xml")
	picture := newBareUpstream(t, svg, "<svg onload='alert(1)'/>")
	const down = "header_down X-Acme-*\nheader_down X-Served-By relay"
	g := newGateway(t, whole.channel("whole", "openai", "models whole", down)+events.channel("events", "openai", "models events", down)+
		picture.channel("picture", "openai", "models picture", down), "")
	for _, row := range []struct{ name, path, body, contentType string }{
		{"whole", "/v1/chat/completions", `{"model":"whole","messages":[]}`, "application/json"},
		{"stream", "/v1/chat/completions", `{"model":"events","stream":true,"messages":[]}`, "text/event-stream"},
		{"translated", "/v1/messages", `{"model":"whole","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`, "application/json"},
		{"translated stream", "/v1/messages", `{"model":"events","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`, "text/event-stream"},
		{"opaque", "/v1/audio/speech", `{"model":"picture","input":"hi","voice":"x"}`, "application/octet-stream"},
	} {
		a := g.post(row.path, row.body).want(t, 200)
		want := http.Header{
			"Content-Type": {row.contentType}, "X-Content-Type-Options": {"nosniff"}, "Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'; sandbox"},
			"X-Acme-Trace": {"t1"}, "X-Served-By": {"relay"},
		}
		if !strings.HasPrefix(row.name, "translated") {
			want["X-Request-Id"], want["X-Ratelimit-Remaining-Requests"] = []string{"r1"}, []string{"7"}
		}
		if row.contentType == "text/event-stream" {
			want["X-Accel-Buffering"], want["Cache-Control"] = []string{"no"}, []string{"no-store"}
		}
		for _, ours := range []string{"X-Ccload-Request-Id", "Date", "Content-Length", "Server", "Via"} {
			a.Header.Del(ours)
		}
		if fmt.Sprint(a.Header) != fmt.Sprint(want) {
			t.Errorf("%s: the client got\n%v, want\n%v", row.name, a.Header, want)
		}
	}
}

// TestErrorPagesAreText: an upstream's error that is passed on is JSON or text,
// whatever it calls itself.
func TestErrorPagesAreText(t *testing.T) {
	t.Parallel()
	for body, contentType := range map[string]string{
		`{"error":{"message":"max_tokens is too large","type":"invalid_request_error"}}`:       "application/json",
		`<html><script>alert(1)</script>invalid_request_error: max_tokens is too large</html>`: "text/plain; charset=utf-8",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, body)
		}))
		defer server.Close()
		g := newGateway(t, "channel c {\nurl "+server.URL+"\nprotocol openai\nkey k-0123456789\n}", "")
		a := g.ask(ai.OpenAI, false)
		if got := a.Header.Get("Content-Type"); a.Status == 422 && got != contentType || got == "text/html" {
			t.Errorf("status %d as %q, want %q", a.Status, got, contentType)
		}
		if json.Valid([]byte(body)) && a.Status != 422 {
			t.Errorf("status %d: the caller's fault is not passed on", a.Status)
		}
	}
}

// TestCrossSite: a page of another site can spend only what its script holds.
func TestCrossSite(t *testing.T) {
	t.Parallel()
	s := fake(t)
	const anonymous = "token anonymous\ntoken tests " + testToken + "\n"
	g := newGateway(t, channelAt("c", s)+anonymous, "allow_origins https://app.example")
	closed := newGateway(t, channelAt("c", s)+anonymous, "")
	path, body := generation(ai.OpenAI, "m", false)
	in := func(where string) func(*http.Request) {
		return func(r *http.Request) {
			switch where {
			case "query":
				r.Header.Del("Authorization")
				r.URL.RawQuery = "key=" + testToken
			case "nowhere":
				r.Header.Del("Authorization")
			case "x-api-key", "x-goog-api-key":
				r.Header.Del("Authorization")
				r.Header.Set(where, testToken)
			}
			r.Header.Set("Content-Type", "text/plain") // needs no preflight
		}
	}
	with := func(headers ...string) func(*http.Request) {
		return func(r *http.Request) {
			r.Host = "127.0.0.1"
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
		}
	}
	for _, row := range []struct {
		name    string
		headers []string
		refused bool
	}{
		{"a program", nil, false},
		{"the site's own page", []string{"Origin", "https://127.0.0.1", "Sec-Fetch-Site", "same-origin"}, false},
		{"the site's own page, old browser", []string{"Origin", "https://127.0.0.1"}, false},
		{"the same with its port", []string{"Origin", "https://127.0.0.1:443"}, false},
		{"a page of another site", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, true},
		{"the same, old browser", []string{"Origin", "https://evil.example"}, true},
		{"the same, without Origin", []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"another port", []string{"Origin", "https://127.0.0.1:8443", "Sec-Fetch-Site", "same-site"}, true},
		{"a sibling", []string{"Origin", "https://b.example", "Sec-Fetch-Site", "same-site"}, true},
		{"a sandbox", []string{"Origin", "null"}, true},
		{"an extension", []string{"Origin", "chrome-extension://abc"}, true},
		{"a name that begins alike", []string{"Origin", "https://127.0.0.1.evil"}, true},
	} {
		for _, where := range []string{"authorization", "x-api-key", "x-goog-api-key", "query", "nowhere"} {
			status := 200
			if row.refused && (where == "query" || where == "nowhere") {
				status = 403
			}
			for _, gw := range []*testGateway{g, closed} {
				a := gw.post(path, body, in(where), with(row.headers...))
				if a.Status != status || status == 403 && !strings.Contains(a.Body, "cross_site_request") {
					t.Errorf("%s, token in %s: status %d, want %d: %s", row.name, where, a.Status, status, clipped(a.Body))
				}
				if a.Header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s may read the answer", row.name)
				}
			}
		}
	}

	allowed := with("Origin", "https://app.example", "Sec-Fetch-Site", "cross-site")
	for _, where := range []string{"authorization", "query", "nowhere"} {
		a := g.post(path, body, in(where), allowed).want(t, 200)
		if a.Header.Get("Access-Control-Allow-Origin") != "https://app.example" || a.Header.Get("Vary") != "Origin" {
			t.Errorf("an allowed origin: %v", a.Header)
		}
	}
	if a := g.post(path, "{", allowed).want(t, 400); a.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Error("an allowed origin cannot read why it was refused")
	}
	asks := func(r *http.Request) {
		r.Header.Del("Authorization")
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "authorization,content-type,x-stainless-lang")
	}
	for _, path := range []string{"/v1/chat/completions", "/v1beta/models/m:generateContent", "/v1/v1/messages"} {
		a := g.do(http.MethodOptions, path, "", allowed, asks).want(t, 204)
		if a.Header.Get("Access-Control-Allow-Methods") != "POST" && !strings.Contains(a.Header.Get("Access-Control-Allow-Methods"), "POST") ||
			a.Header.Get("Access-Control-Allow-Headers") != "authorization,content-type,x-stainless-lang" || a.Header.Get("Access-Control-Allow-Origin") != "https://app.example" {
			t.Errorf("preflight of %s: %v", path, a.Header)
		}
		for _, gw := range []*testGateway{g, closed} {
			a := gw.do(http.MethodOptions, path, "", with("Origin", "https://evil.example"), asks)
			if a.Status < 400 || a.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("preflight of %s for another site: %d %v", path, a.Status, a.Header)
			}
		}
	}
}
