package fakeai_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/fakeai"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client does not reuse connections, so that a fault of one request cannot
// reach the next, and does not decode bodies by itself.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}, Timeout: 20 * time.Second}

func start(t testing.TB, o fakeai.Options) *fakeai.Server {
	t.Helper()
	if o.Name == "" {
		o.Name = "unit"
	}
	s, err := fakeai.Start("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// paths are where generations go, by protocol and by whether they stream.
func path(p ai.Protocol, stream bool) string {
	switch {
	case p == ai.Anthropic:
		return "/v1/messages"
	case p == ai.OpenAI:
		return "/v1/chat/completions"
	case p == ai.Responses:
		return "/v1/responses"
	case stream:
		return "/v1beta/models/some-model:streamGenerateContent?alt=sse"
	}
	return "/v1beta/models/some-model:generateContent"
}

// body is a request that says text.
func body(p ai.Protocol, stream bool, text string) string {
	switch p {
	case ai.Gemini:
		return fmt.Sprintf(`{"contents":[{"role":"user","parts":[{"text":%q}]}]}`, text)
	case ai.Responses:
		return fmt.Sprintf(`{"model":"some-model","stream":%v,"input":%q}`, stream, text)
	case ai.OpenAI:
		return fmt.Sprintf(`{"model":"some-model","stream":%v,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":%q}]}`, stream, text)
	}
	return fmt.Sprintf(`{"model":"some-model","stream":%v,"max_tokens":1000,"messages":[{"role":"user","content":[{"type":"text","text":%q}]}]}`, stream, text)
}

// exchange is an answer as far as it came.
type exchange struct {
	status int
	header http.Header
	body   string
	err    error // of the request, or of reading the body
}

func do(t testing.TB, method, url, key, body string, headers ...string) exchange {
	t.Helper()
	return doBy(t, client, method, url, key, body, headers...)
}

func doBy(t testing.TB, c *http.Client, method, url, key, body string, headers ...string) exchange {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.Do(r)
	if err != nil {
		return exchange{err: err}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return exchange{res.StatusCode, res.Header, string(b), err}
}

func generate(t testing.TB, s *fakeai.Server, p ai.Protocol, stream bool, key string) exchange {
	t.Helper()
	return do(t, "POST", s.URL+path(p, stream), key, body(p, stream, "how are you"))
}

func TestRecordsRequests(t *testing.T) {
	s := start(t, fakeai.Options{Keep: 3})
	for _, key := range []string{"a", "b", "a", "c"} {
		if x := do(t, "POST", s.URL+"/base/v1/messages?beta=true", key, body(ai.Anthropic, false, key), "X-Own", "yes"); x.status != 200 {
			t.Fatal(x)
		}
	}
	list := s.Requests()
	if len(list) != 3 || s.Total() != 4 || s.Counts()["a"] != 2 {
		t.Fatalf("%d kept, %d in all, counts %v", len(list), s.Total(), s.Counts())
	}
	r := list[1]
	if r.Method != "POST" || r.Path != "/base/v1/messages" || r.RawQuery != "beta=true" || r.Key != "a" || r.Number != 3 || r.OfKey != 2 ||
		r.Header.Get("X-Own") != "yes" || string(r.Body) != body(ai.Anthropic, false, "a") || r.Protocol != ai.Anthropic ||
		r.Model != "some-model" || r.Stream || !r.Generates() || !r.Usage.Reported || !strings.HasPrefix(r.ResponseID, "msg_01unit") {
		t.Errorf("%+v", r)
	}
	if s.Last().Key != "c" {
		t.Errorf("last is %+v", s.Last())
	}
	s.Forget()
	if len(s.Requests()) != 0 || s.Total() != 0 || s.Last().Number != 0 {
		t.Error("something is remembered")
	}
}

func TestFindsTheKey(t *testing.T) {
	s := start(t, fakeai.Options{})
	for _, h := range []string{"X-Api-Key", "X-Goog-Api-Key", "Api-Key"} {
		do(t, "GET", s.URL+"/v1/models", "", "", h, "one")
	}
	do(t, "GET", s.URL+"/v1beta/models?key=one", "", "")
	if n := s.Counts()["one"]; n != 4 {
		t.Errorf("%d of 4 found", n)
	}
}

func TestPlans(t *testing.T) {
	s := start(t, fakeai.Options{Plan: fakeai.InTurn("429", "500", "ok")})
	var got []int
	status := func(key string) {
		got = append(got, generate(t, s, ai.OpenAI, false, key).status)
	}
	for range 4 {
		status("k")
		do(t, "GET", s.URL+"/v1/models", "k", "") // takes no turn
	}
	s.SetPlan(fakeai.Always("503-f2"))
	for range 3 {
		status("k")
	}
	s.SetPlan(fakeai.ForModel("some-model", "401"))
	status("k")
	s.SetPlan(func(r *fakeai.Request) fakeai.Behaviour {
		if r.OfKey > 1 {
			return fakeai.Behaviour{Fault: fakeai.Error, Status: 418}
		}
		return r.Asked
	})
	status("mk-502")
	status("mk-502")
	s.SetPlan(nil)
	status("k")
	want := "[429 500 200 200 503 503 200 401 502 418 200]"
	if fmt.Sprint(got) != want {
		t.Errorf("statuses %v, want %s", got, want)
	}
}

func TestScenarioOfHeaderAndKey(t *testing.T) {
	s := start(t, fakeai.Options{})
	b := body(ai.Anthropic, false, "x")
	for i, tt := range []struct {
		key, header string
		want        int
	}{
		{"sk-429", "", 200}, {"mk-429", "", 429}, {"mk-429", "503", 503}, {"k", "mk-500", 500}, {"mk-nonsense", "", 400},
	} {
		x := do(t, "POST", s.URL+"/v1/messages", tt.key, b, fakeai.ScenarioHeader, tt.header)
		if x.status != tt.want {
			t.Errorf("case %d: %d %s", i, x.status, x.body)
		}
	}
}

func TestOutage(t *testing.T) {
	s := start(t, fakeai.Options{})
	s.SetDown(true)
	if x := generate(t, s, ai.Anthropic, false, "k"); x.err == nil {
		t.Errorf("answered %d during an outage", x.status)
	}
	s.SetDown(false)
	if x := generate(t, s, ai.Anthropic, false, "k"); x.status != 200 {
		t.Errorf("%d after the outage", x.status)
	}
}

func TestLimitedFaults(t *testing.T) {
	s := start(t, fakeai.Options{})
	var got strings.Builder
	for range 4 {
		fmt.Fprint(&got, generate(t, s, ai.OpenAI, false, "mk-500-f2").status, " ")
	}
	failed := 0
	for range 20 {
		if generate(t, s, ai.OpenAI, false, "mk-500-p25").status == 500 {
			failed++
		}
	}
	if got.String() != "500 500 200 200 " || failed != 5 {
		t.Errorf("%s; %d of 20 failed at 25 %%", got.String(), failed)
	}
}

func TestRefusesWhatItDoesNotHave(t *testing.T) {
	s := start(t, fakeai.Options{Models: []string{"known"}, Keys: []string{"good"}, Protocols: []ai.Protocol{ai.OpenAI}})
	known := strings.ReplaceAll(body(ai.OpenAI, false, "x"), "some-model", "known")
	for _, tt := range []struct {
		name, path, key, body string
		status                int
		text                  string
	}{
		{"good", "/v1/chat/completions", "good", known, 200, "Hello from unit: x"},
		{"key", "/v1/chat/completions", "bad", known, 401, "invalid_api_key"},
		{"model", "/v1/chat/completions", "good", body(ai.OpenAI, false, "x"), 404, "The model `some-model` does not exist"},
		{"protocol", "/v1/messages", "good", known, 404, "not_found_error"},
		{"endpoint", "/v1/unheard/of", "good", known, 404, "Invalid URL"},
		{"JSON", "/v1/chat/completions", "good", known[:20], 400, "could not parse"},
	} {
		x := do(t, "POST", s.URL+tt.path, tt.key, tt.body)
		if x.status != tt.status || !strings.Contains(x.body, tt.text) {
			t.Errorf("%s: %d %s", tt.name, x.status, x.body)
		}
	}
	if x := do(t, "GET", s.URL+"/v1/models/nothing", "good", ""); x.status != 404 || !strings.Contains(x.body, "`nothing`") {
		t.Errorf("model list: %d %s", x.status, x.body)
	}
}

func TestStoredResponsesBelongToTheirKey(t *testing.T) {
	s := start(t, fakeai.Options{})
	var made struct{ ID string }
	x := generate(t, s, ai.Responses, false, "a")
	if err := json.Unmarshal([]byte(x.body), &made); err != nil {
		t.Fatal(err)
	}
	one := s.URL + "/v1/responses/" + made.ID
	next := fmt.Sprintf(`{"model":"m","input":"more","previous_response_id":%q}`, made.ID)
	notStored := do(t, "POST", s.URL+"/v1/responses", "a", `{"model":"m","input":"x","store":false}`)
	var gone struct{ ID string }
	if err := json.Unmarshal([]byte(notStored.body), &gone); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, method, url, key, body string
		status                       int
		text                         string
	}{
		{"its key reads it", "GET", one, "a", "", 200, "Hello from unit"},
		{"as a stream", "GET", one + "?stream=true", "a", "", 200, "event: response.completed"},
		{"its input", "GET", one + "/input_items", "a", "", 200, "how are you"},
		{"another key does not", "GET", one, "b", "", 404, "not found"},
		{"its key goes on from it", "POST", s.URL + "/v1/responses", "a", next, 200, "Hello from unit: more"},
		{"another key does not go on", "POST", s.URL + "/v1/responses", "b", next, 400, "previous_response_not_found"},
		{"cancel", "POST", one + "/cancel", "a", "", 200, made.ID},
		{"not to be stored", "GET", s.URL + "/v1/responses/" + gone.ID, "a", "", 404, "not found"},
		{"another key does not delete it", "DELETE", one, "b", "", 404, "not found"},
		{"its key deletes it", "DELETE", one, "a", "", 200, `"deleted":true`},
		{"then it is gone", "GET", one, "a", "", 404, "not found"},
	} {
		if x := do(t, tt.method, tt.url, tt.key, tt.body); x.status != tt.status || !strings.Contains(x.body, tt.text) {
			t.Errorf("%s: %d %s", tt.name, x.status, x.body)
		}
	}
}

func TestHangsUntilTheClientLeavesOrItIsClosed(t *testing.T) {
	s := start(t, fakeai.Options{})
	impatient := &http.Client{Transport: client.Transport, Timeout: 50 * time.Millisecond}
	if _, err := impatient.Post(s.URL+"/v1/messages?key=mk-hang", "application/json", strings.NewReader("{}")); err == nil {
		t.Fatal("answered")
	}
	for deadline := time.Now().Add(5 * time.Second); !s.Last().Ended; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not notice that the client left")
		}
	}
	if !s.Last().Gone || s.InFlight() != 0 {
		t.Errorf("%+v, %d in flight", s.Last(), s.InFlight())
	}
	done := make(chan error)
	go func() {
		_, err := client.Post(s.URL+"/v1/messages?key=mk-hang", "application/json", strings.NewReader("{}"))
		done <- err
	}()
	for s.InFlight() == 0 {
		time.Sleep(time.Millisecond)
	}
	s.Close()
	if err := <-done; err == nil {
		t.Error("answered")
	}
}
