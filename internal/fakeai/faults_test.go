package fakeai_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/fakeai"
)

// end is how an exchange ends for the client.
type end int

const (
	clean  end = iota // as an answer ends
	closed            // connection closed before its end
	reset             // connection reset
	silent            // nothing more comes
)

func endOf(err error) end {
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return clean
	case errors.Is(err, syscall.ECONNRESET):
		return reset
	case errors.As(err, &timeout) && timeout.Timeout():
		return silent
	}
	return closed
}

// quick gives up soon: what does not come within its time never comes.
var quick = &http.Client{Transport: client.Transport, Timeout: 500 * time.Millisecond}

func TestFaults(t *testing.T) {
	tests := []struct {
		scenario  string
		stream    bool
		answered  bool // headers came
		end       end
		some, all bool // of the text that is said came
		marker    bool // the end of the answer came
		problem   bool // an error came
	}{
		{"drop", true, false, closed, false, false, false, false},
		{"reset", true, false, reset, false, false, false, false},
		{"hang", true, false, silent, false, false, false, false},
		{"hanghdr", true, true, silent, false, false, false, false},
		{"silent", true, true, silent, false, false, false, false},
		{"stall", true, true, silent, true, false, false, false},
		{"cut", true, true, closed, true, false, false, false},
		{"rst", true, true, reset, true, false, false, false},
		{"rstend", true, true, reset, true, true, true, false},
		{"open", true, true, silent, true, true, true, false},
		{"sseerr", true, true, clean, false, false, false, true},
		{"ssestart", true, true, clean, false, false, false, true},
		{"ssemid", true, true, clean, true, false, false, true},
		{"noend", true, true, clean, true, true, false, false},
		{"half", true, true, clean, true, false, false, false},
		{"broken", true, true, clean, true, false, true, false},
		{"brokenfirst", true, true, clean, true, false, true, false},
		{"hollow", true, true, clean, false, false, true, false},
		{"pings", true, true, clean, false, false, false, false},
		{"empty", true, true, clean, false, false, false, false},
		{"html", true, true, clean, false, false, false, false},
		{"err200", true, true, clean, false, false, false, true},
		{"err200text", true, true, clean, false, false, false, false},
		{"comments-noevent-crlf", true, true, clean, true, true, true, false},

		{"drop", false, false, closed, false, false, false, false},
		{"reset", false, false, reset, false, false, false, false},
		{"hang", false, false, silent, false, false, false, false},
		{"silent", false, true, silent, false, false, false, false},
		{"cut", false, true, closed, false, false, false, false},
		{"rst", false, true, reset, false, false, false, false},
		{"stall", false, true, silent, false, false, false, false},
		{"half", false, true, clean, false, false, false, false},
		{"broken", false, true, clean, false, false, false, false},
		{"empty", false, true, clean, false, false, false, false},
		{"html", false, true, clean, false, false, false, false},
		{"err200", false, true, clean, false, false, false, true},
		{"ssemid", false, true, clean, false, false, false, true},
		{"pings", false, true, clean, false, false, false, false},
	}
	s := start(t, fakeai.Options{})
	check := func(p ai.Protocol) {
		for _, tt := range tests {
			asker := client
			if tt.end == silent {
				asker = quick
			}
			x := doBy(t, asker, "POST", s.URL+path(p, tt.stream), "mk-"+tt.scenario, body(p, tt.stream, "how are you"))
			if got := endOf(x.err); got != tt.end {
				t.Errorf("%s, %s, stream %v: end %v (%v), want %v", tt.scenario, p, tt.stream, got, x.err, tt.end)
			}
			if answered := x.status != 0; answered != tt.answered || answered && x.status != 200 {
				t.Errorf("%s, %s, stream %v: status %d", tt.scenario, p, tt.stream, x.status)
			}
			if problem := strings.Contains(strings.ToLower(x.body), "overloaded"); problem != tt.problem {
				t.Errorf("%s, %s, stream %v: error %v in %s", tt.scenario, p, tt.stream, problem, x.body)
			}
			if !tt.stream {
				if full := json.Valid([]byte(x.body)) && strings.Contains(x.body, "Hello"); full != tt.all {
					t.Errorf("%s, %s: whole answer %v: %s", tt.scenario, p, full, x.body)
				}
				continue
			}
			text := streamedText(t, p, x.body)
			if some, all := text != "", text == echo; some != tt.some || all != tt.all && !sayWithEnd(p, tt.scenario) {
				t.Errorf("%s, %s: text %q in %s", tt.scenario, p, text, x.body)
			}
			if marker := strings.Contains(x.body, endMarkers[p]); marker != tt.marker {
				t.Errorf("%s, %s: end marker %v in %s", tt.scenario, p, marker, x.body)
			}
		}
	}
	var wg sync.WaitGroup
	for _, p := range ai.Protocols {
		wg.Go(func() { check(p) })
	}
	wg.Wait()
}

// sayWithEnd knows the exception: Gemini's last text comes with the end, so it
// is missing where the end is.
func sayWithEnd(p ai.Protocol, scenario string) bool { return p == ai.Gemini && scenario == "noend" }

func TestNoEndMarker(t *testing.T) {
	s := start(t, fakeai.Options{})
	for p, finish := range map[ai.Protocol]string{
		ai.Anthropic: `"stop_reason":"end_turn"`, ai.OpenAI: `"finish_reason":"stop"`, ai.Responses: "response.output_item.done",
	} {
		x := generate(t, s, p, true, "mk-nodone")
		if strings.Contains(x.body, endMarkers[p]) || !strings.Contains(x.body, finish) || x.err != nil {
			t.Errorf("%s: %+v", p, x)
		}
	}
}

func TestProblems(t *testing.T) {
	s := start(t, fakeai.Options{})
	for _, tt := range []struct {
		scenario string
		p        ai.Protocol
		status   int
		want     string
	}{
		{"429", ai.Anthropic, 429, `"rate_limit_error"`},
		{"429", ai.OpenAI, 429, `"rate_limit_exceeded"`},
		{"429", ai.Gemini, 429, `"RESOURCE_EXHAUSTED"`},
		{"429-ra7", ai.Gemini, 429, `"retryDelay": "7s"`},
		{"quota", ai.OpenAI, 429, `"insufficient_quota"`},
		{"1308-ra60", ai.Anthropic, 429, `"type":"1308"`},
		{"1308-ra60", ai.OpenAI, 429, `"code": "1308"`},
		{"auth", ai.Anthropic, 401, `"authentication_error"`},
		{"auth", ai.Gemini, 400, `"API_KEY_INVALID"`},
		{"403", ai.Gemini, 403, `"code": 403`},
		{"402", ai.Anthropic, 402, `"billing_error"`},
		{"529", ai.Anthropic, 529, `"overloaded_error"`},
		{"overloaded", ai.Gemini, 503, `"UNAVAILABLE"`},
		{"500", ai.Responses, 500, `"server_error"`},
		{"context", ai.Responses, 400, `"context_length_exceeded"`},
		{"context", ai.Anthropic, 400, `prompt is too long`},
		{"filter", ai.OpenAI, 400, `"content_filter"`},
		{"prefill", ai.Anthropic, 400, `prefill`},
		{"nomodel", ai.Gemini, 404, `models/some-model is not found`},
		{"422", ai.OpenAI, 422, `"invalid_request_error"`},
		{"502-html", ai.OpenAI, 502, `<html>`},
		{"err200-rate", ai.OpenAI, 200, `"rate_limit_exceeded"`},
		{"err200-1308-ra60", ai.OpenAI, 200, `"1308"`},
	} {
		x := generate(t, s, tt.p, false, "mk-"+tt.scenario)
		if x.status != tt.status || !strings.Contains(x.body, tt.want) {
			t.Errorf("%s, %s: %d %s", tt.scenario, tt.p, x.status, x.body)
		}
		if !strings.Contains(tt.scenario, "html") && !json.Valid([]byte(x.body)) {
			t.Errorf("%s, %s: no JSON: %s", tt.scenario, tt.p, x.body)
		}
	}
	if n := len(generate(t, s, ai.OpenAI, false, "mk-err200big").body); n < 600 || n > 10<<10 {
		t.Errorf("a big error has %d bytes", n)
	}
	if n := len(generate(t, s, ai.Anthropic, true, "mk-err200huge").body); n < 64<<10 {
		t.Errorf("a huge error has %d bytes", n)
	}
}

func TestRetryHeaders(t *testing.T) {
	s := start(t, fakeai.Options{})
	if h := generate(t, s, ai.Anthropic, false, "mk-429").header; h.Get("Retry-After") != "" || h.Get("Anthropic-Ratelimit-Requests-Reset") != "" {
		t.Errorf("unasked headers: %v", h)
	}
	if h := generate(t, s, ai.OpenAI, false, "mk-429-ra5").header; h.Get("Retry-After") != "5" {
		t.Errorf("seconds: %v", h)
	}
	h := generate(t, s, ai.OpenAI, false, "mk-429-rd60").header
	if at, err := http.ParseTime(h.Get("Retry-After")); err != nil || time.Until(at) < 50*time.Second {
		t.Errorf("date: %v", h)
	}
	h = generate(t, s, ai.Anthropic, true, "mk-rem0-res60").header
	at, err := time.Parse(time.RFC3339, h.Get("Anthropic-Ratelimit-Requests-Reset"))
	if err != nil || time.Until(at) < 50*time.Second || h.Get("Anthropic-Ratelimit-Requests-Remaining") != "0" {
		t.Errorf("rate limit: %v", h)
	}
	if h = generate(t, s, ai.OpenAI, false, "mk-rem3-res90").header; h.Get("X-Ratelimit-Remaining-Requests") != "3" || h.Get("X-Ratelimit-Reset-Requests") != "1m30s" {
		t.Errorf("rate limit: %v", h)
	}
}

func TestOddAnswers(t *testing.T) {
	s := start(t, fakeai.Options{})
	for _, p := range ai.Protocols {
		if x := generate(t, s, p, true, "mk-json"); !strings.HasPrefix(x.header.Get("Content-Type"), "application/json") || !json.Valid([]byte(x.body)) {
			t.Errorf("%s: not JSON: %+v", p, x)
		}
		if x := generate(t, s, p, true, "mk-badutf8"); utf8.ValidString(x.body) || !strings.Contains(x.body, endMarkers[p]) {
			t.Errorf("%s: not invalid: %+v", p, x)
		}
		if x := generate(t, s, p, true, "mk-wrongtype"); x.header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%s: %v", p, x.header)
		}
		if x := generate(t, s, p, true, "mk-big"); len(x.body) < 3<<20 || !strings.Contains(x.body, endMarkers[p]) {
			t.Errorf("%s: %d bytes", p, len(x.body))
		}
		for _, stream := range []bool{false, true} {
			x := generate(t, s, p, stream, "mk-refusal")
			if !strings.Contains(x.body, `"refusal"`) && !strings.Contains(x.body, "content_filter") && !strings.Contains(x.body, "SAFETY") {
				t.Errorf("%s: not refused: %+v", p, x)
			}
		}
		x := generate(t, s, p, true, "mk-n20-e30")
		text := streamedText(t, p, x.body)
		if len(text) != 20*30 || !strings.HasPrefix(text[19*30:], "w00019 ") {
			t.Errorf("%s: %q", p, text)
		}
	}
}

func TestTiming(t *testing.T) {
	s := start(t, fakeai.Options{})
	for _, tt := range []struct {
		scenario      string
		headers, body time.Duration // not before
	}{
		{"t60", 60 * time.Millisecond, 60 * time.Millisecond},
		{"l60", 0, 60 * time.Millisecond},
		{"n4-g20", 0, 60 * time.Millisecond},
	} {
		begun := time.Now()
		r, err := http.NewRequest("POST", s.URL+path(ai.OpenAI, true), strings.NewReader(body(ai.OpenAI, true, "x")))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(fakeai.ScenarioHeader, tt.scenario)
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begun); d < tt.headers {
			t.Errorf("%s: headers after %v", tt.scenario, d)
		}
		if _, err = io.Copy(io.Discard, res.Body); err != nil {
			t.Error(err)
		}
		res.Body.Close()
		if d := time.Since(begun); d < tt.body {
			t.Errorf("%s: all after %v", tt.scenario, d)
		}
	}
}

func TestVerbatim(t *testing.T) {
	const recorded = "event: x\r\ndata: {\"odd\"}\r\n\r\n"
	s := start(t, fakeai.Options{Plan: func(*fakeai.Request) fakeai.Behaviour {
		return fakeai.Behaviour{Body: []byte(recorded), Split: 3, Status: 203, Header: http.Header{"content-type": {"text/odd"}, "X-More": {"yes"}}}
	}})
	x := generate(t, s, ai.OpenAI, true, "k")
	if x.body != recorded || x.status != 203 || x.header.Get("Content-Type") != "text/odd" || x.header.Get("X-More") != "yes" {
		t.Errorf("%+v", x)
	}
}
