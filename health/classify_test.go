package health

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// noon is the moment at which most tests happen.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// judged is an outcome in a few words.
func judged(o ai.Outcome) string {
	s := fmt.Sprintf("%v %v", o.Kind, o.Scope)
	if !o.Retry {
		s += " stop"
	}
	return s
}

// statusWant is what a bare status means, without a body to explain it.
var statusWant = map[int]string{
	400: "invalid_request none stop", 401: "auth key", 402: "quota_exhausted key", 403: "auth key",
	404: "no_such_endpoint url_protocol", 405: "no_such_endpoint url_protocol", 406: "invalid_request none stop",
	407: "network url", 408: "invalid_request none stop", 409: "server url_model", 410: "no_such_endpoint url_protocol",
	411: "invalid_request none stop", 412: "invalid_request none stop", 413: "invalid_request none stop",
	414: "invalid_request none stop", 415: "invalid_request none stop", 416: "invalid_request none stop",
	417: "invalid_request none stop", 422: "invalid_request none stop", 423: "server url_model", 424: "server url_model",
	425: "server url_model", 426: "no_such_endpoint url_protocol", 428: "invalid_request none stop",
	429: "rate_limited key", 431: "invalid_request none stop", 444: "server url_model", 451: "auth channel",
	499: "server url_model", 501: "no_such_endpoint url_protocol", 503: "overloaded url_model", 529: "overloaded url_model",
	521: "server url", 522: "server url", 523: "server url", 525: "server url", 526: "server url", 530: "server url",
}

func TestEveryStatusMeansSomething(t *testing.T) {
	for status := 400; status <= 599; status++ {
		want := statusWant[status]
		if want == "" {
			want = "bad_answer key" // an unknown 4xx: something about this key, most likely
			if status >= 500 {
				want = "server url_model"
			}
		}
		for _, body := range []string{"", "{}", `{"error":{}}`, "\x00\xff", `{"error":{"message":"no idea"}}`} {
			o := Classify(answer(status, body), nil, noon)
			if got := judged(o); got != want {
				t.Errorf("%d %q: %s by %s, want %s", status, body, got, o.Rule, want)
			}
			if o.Status != status {
				t.Errorf("%d: outcome says %d", status, o.Status)
			}
		}
	}
	for status := 300; status < 400; status++ {
		if got := judged(Classify(answer(status, ""), nil, noon)); got != "bad_answer url" {
			t.Errorf("%d: %s", status, got)
		}
	}
	for status := 200; status < 300; status++ {
		if o := Classify(&Evidence{Status: status}, nil, noon); o.Kind != ai.OK || o.Retry {
			t.Errorf("%d: %+v", status, o)
		}
	}
}

func TestSamples(t *testing.T) {
	for _, s := range samples {
		o := Classify(answer(s.status, s.body, s.headers...), nil, noon)
		if got := judged(o); got != s.want || o.Rule != s.rule {
			t.Errorf("%s: %s by %s, want %s by %s", s.name, got, o.Rule, s.want, s.rule)
		}
		if o.Message == "" && s.body != "" {
			t.Errorf("%s: no message", s.name)
		}
	}
}

// seen is evidence without an error answer.
var seen = []struct {
	name string
	e    Evidence
	want string
	rule string
}{
	{"dial timeout", Evidence{Kind: ai.Timeout, Phase: "connect", Err: errors.New("i/o timeout")}, "network url", "connect_timeout"},
	{"no headers", Evidence{Kind: ai.Timeout, Phase: "headers"}, "timeout url_model", "timeout"},
	{"stall", Evidence{Kind: ai.Timeout, Phase: "idle", Status: 200, Committed: true}, "timeout url_model stop", "timeout"},
	{"refused", Evidence{Kind: ai.NetworkError, Phase: "connect", Err: errors.New("connection refused")}, "network url", "network"},
	{"cut", Evidence{Kind: ai.Truncated, Status: 200, Committed: true}, "truncated url_model stop", "truncated"},
	{"cut before commit", Evidence{Kind: ai.Truncated, Status: 200}, "truncated url_model", "truncated"},
	{"empty", Evidence{Kind: ai.Empty, Status: 200}, "empty url_model", "empty"},
	{"filtered", Evidence{Kind: ai.ContentFilter, Status: 200}, "content_filter none stop", "content_filter"},
	{"page as answer", Evidence{Kind: ai.BadAnswer, Status: 200, Body: []byte("<html><title>Welcome</title></html>")}, "bad_answer url_model", "bad_answer"},
	{"plain overload", Evidence{Kind: ai.BadAnswer, Status: 200, Body: []byte("当前模型负载过高，请稍后重试")}, "overloaded url_model", "overloaded_text"},
	{"plain overload in english", Evidence{Kind: ai.BadAnswer, Status: 200, Body: []byte("Current model load too high, please retry")}, "overloaded url_model", "overloaded_text"},
	{"half an answer about limits", Evidence{Kind: ai.BadAnswer, Status: 200, Body: []byte(`{"content":"a rate limit is`)}, "bad_answer url_model", "bad_answer"},
	{"client gone", Evidence{Kind: ai.ClientGone}, "client_gone none stop", "client_gone"},
	{"ended by an operator", Evidence{Kind: ai.Ended}, "ended none stop", "ended"},
	{"good", Evidence{Kind: ai.OK, Status: 200}, "ok none stop", "ok"},
	{"nothing", Evidence{}, "bad_answer url_model", "no_answer"},
	{"a kind the relay does not use", Evidence{Kind: ai.Overloaded}, "bad_answer url_model", "no_answer"},
}

func TestWhatTheRelaySaw(t *testing.T) {
	for _, s := range seen {
		o := Classify(&s.e, nil, noon)
		if got := judged(o); got != s.want || o.Rule != s.rule {
			t.Errorf("%s: %s by %s, want %s by %s", s.name, got, o.Rule, s.want, s.rule)
		}
	}
}

// Every row has a sample, so that no row is dead behind an earlier one.
func TestEveryRowIsReached(t *testing.T) {
	reached := make(map[string]bool)
	for _, s := range samples {
		reached[Classify(answer(s.status, s.body, s.headers...), nil, noon).Rule] = true
	}
	for _, s := range seen {
		reached[Classify(&s.e, nil, noon).Rule] = true
	}
	for status := 400; status < 600; status++ {
		reached[Classify(answer(status, ""), nil, noon).Rule] = true
	}
	names := make(map[string]bool)
	for i := range table {
		r := &table[i]
		if names[r.name] {
			t.Errorf("two rows are named %s", r.name)
		}
		names[r.name] = true
		if !reached[r.name] {
			t.Errorf("no sample reaches the row %s", r.name)
		}
		for _, list := range [][]string{r.codes, r.text, r.body} {
			for _, word := range list {
				if word != strings.ToLower(word) || word == "" {
					t.Errorf("%s: %q is not in lower case", r.name, word)
				}
			}
		}
		if cools := r.scope != ai.ScopeNone; cools != (backoffOf(r.kind).class != harmless) {
			t.Errorf("%s: kind %v and scope %v do not fit together", r.name, r.kind, r.scope)
		}
	}
}

// Answers recorded by the test suites of public projects; each line says where
// it comes from and what it must mean.
func TestRecordedAnswers(t *testing.T) {
	type recorded struct {
		ID, Body, Want, License string
		SourceRepo              string `json:"source_repo"`
		Status                  int
		Headers                 map[string]string
	}
	for _, r := range readLines[recorded](t, "testdata/recorded.jsonl") {
		if r.License == "" || r.SourceRepo == "" {
			t.Errorf("%s: source or licence is missing", r.ID)
		}
		e := answer(r.Status, r.Body)
		for name, value := range r.Headers {
			e.Header.Set(name, value)
		}
		if o := Classify(e, nil, noon); judged(o) != r.Want {
			t.Errorf("%s: %s by %s, want %s: %s", r.ID, judged(o), o.Rule, r.Want, o.Message)
		}
	}
}

// Errors seen in the wild, each with its source and the class it belongs to.
func TestSupplement(t *testing.T) {
	type line struct {
		ID, Where, Class, SSE string
		Tail                  string `json:"sse_tail"`
		Status                int
		Body, Shape           jsonText
	}
	lines := readLines[line](t, "testdata/errors_supplement.jsonl")
	if len(lines) < 11 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, l := range lines {
		body := string(l.Body) + string(l.Shape)
		if _, data, ok := strings.Cut(l.SSE, "data: "); ok {
			body = strings.TrimSpace(data)
		}
		e := answer(l.Status, body)
		switch {
		case l.Where == "sse_eof" && l.Class == "complete":
			e.Kind = ai.OK
		case l.Where == "sse_eof":
			e.Kind = ai.Truncated
		}
		o := Classify(e, nil, noon)
		ok := false
		switch l.Class {
		case "complete":
			ok = o.Kind == ai.OK
		case "rate_limit":
			ok = o.Kind == ai.RateLimited && (o.Scope == ai.ScopeKey || o.Scope == ai.ScopeKeyModel) && o.Retry
		case "transient_upstream":
			ok = (o.Kind == ai.Overloaded || o.Kind == ai.Truncated) && o.Scope == ai.ScopeURLModel && o.Retry
		}
		if !ok {
			t.Errorf("%s is %s: %s by %s", l.ID, l.Class, judged(o), o.Rule)
		}
	}
}

// jsonText keeps a JSON value as it is written.
type jsonText string

func (j *jsonText) UnmarshalJSON(b []byte) error { *j = jsonText(b); return nil }

func TestCodeIsTheTellingOne(t *testing.T) {
	for _, c := range []struct{ typ, code, want string }{
		{"RESOURCE_EXHAUSTED", "429", "RESOURCE_EXHAUSTED"},
		{"invalid_request_error", "invalid_api_key", "invalid_api_key"},
		{"overloaded_error", "", "overloaded_error"},
		{"", "1308", "1308"},
		{"", "429", "429"},
	} {
		e := &Evidence{Status: http.StatusTeapot, Failure: ai.Failure{Type: c.typ, Code: c.code}}
		if got := Classify(e, nil, noon).Code; got != c.want {
			t.Errorf("%v: %q", c, got)
		}
	}
}

func FuzzClassify(f *testing.F) {
	for _, s := range samples {
		f.Add(uint8(ai.OK), s.status, []byte(s.body), "text/html", "12")
	}
	f.Fuzz(func(t *testing.T, kind uint8, status int, body []byte, contentType, retryAfter string) {
		e := &Evidence{Kind: ai.Kind(kind), Status: status, Body: body, Failure: failureOf(body), Header: header("Content-Type", contentType, "Retry-After", retryAfter)}
		rules, err := CompileRules([]RuleSpec{{Body: `(?P<reset>[0-9]+)`, Layout: "unix"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, rules := range [][]Rule{nil, rules} {
			o := Classify(e, rules, noon)
			if !o.Until.IsZero() && (!o.Until.After(noon) || o.Until.After(noon.Add(longestCooldown))) {
				t.Errorf("cools down until %v", o.Until)
			}
			if (o.Scope == ai.ScopeNone) != (o.Kind == ai.OK || o.Kind == ai.ClientGone || o.Kind == ai.Ended || o.Kind.CallersFault()) {
				t.Errorf("%v has scope %v", o.Kind, o.Scope)
			}
			if len(o.Message) > messageLimit+len("…") {
				t.Errorf("%d bytes of message", len(o.Message))
			}
		}
	})
}
