package ccload

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// halted is an upstream that says one word of a stream, or nothing at all, and
// then waits until its test is over or nobody listens.
func halted(t *testing.T) (url string, begun chan bool) {
	begun = make(chan bool, 10)
	return upstream(t, func(w http.ResponseWriter, body []byte) {
		if strings.Contains(string(body), `"stream":true`) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"one\"}}]}\n\n")
			w.(http.Flusher).Flush()
		}
		begun <- true
		<-t.Context().Done()
	}), begun
}

type runningList struct {
	Total int
	Calls []struct {
		ID, Token, Model, State string
		Attempts                int
		AnswerBytes             int64 `json:"answer_bytes"`
		Playground              bool
		Target                  *ai.Target
	}
}

// TestRunningCalls: calls under way are listed as far as they are, their holders
// see their own, and an operator ends them honestly.
func TestRunningCalls(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		stream       bool
		state        string
		clientStatus int
		clientSees   string
	}{
		{"streaming", true, "streaming", http.StatusOK, "ended_by_operator"},
		{"waiting", false, "waiting", http.StatusForbidden, "an operator of this gateway ended the call: too dear"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, begun := halted(t)
			d := openDesk(t, richToken+"token other "+poorToken+"\n"+channelURL("slow", url))
			done := make(chan answer)
			go func() { done <- d.askModel(ai.OpenAI, "m", c.stream) }()
			<-begun
			list := eventually(t, func() (runningList, bool) {
				list := data[runningList](t, d.api(http.MethodGet, "running", "").want(t, http.StatusOK))
				return list, len(list.Calls) == 1 && list.Calls[0].State == c.state && (!c.stream || list.Calls[0].AnswerBytes > 0)
			})
			one := list.Calls[0]
			if list.Total != 1 || one.Token != "tests" || one.Model != "m" || one.Attempts != 1 || one.Target == nil || one.Target.Channel != "slow" || one.Playground {
				t.Errorf("running: %+v", list)
			}
			operator := d.login
			d.logIn(`{"token":"` + poorToken + `"}`)
			if list := data[runningList](t, d.api(http.MethodGet, "running", "").want(t, http.StatusOK)); list.Total != 0 || len(list.Calls) != 0 {
				t.Errorf("the holder of another token sees %+v", list)
			}
			d.api(http.MethodPost, "running/"+one.ID+"/end", "{}").want(t, http.StatusForbidden)
			d.logIn(`{"token":"` + testToken + `"}`)
			own := d.api(http.MethodGet, "running", "").want(t, http.StatusOK)
			if list := data[runningList](t, own); list.Total != 1 || strings.Contains(own.Body, "slow") {
				t.Errorf("its holder sees %s", own.Body)
			}
			d.login = operator
			for body, status := range map[string]int{
				`{"reason":"` + strings.Repeat("x", 201) + `"}`: 400, `{"reason":"a\nb"}`: 400, `{"why":"x"}`: 400, ``: 400,
			} {
				d.api(http.MethodPost, "running/"+one.ID+"/end", body).want(t, status)
			}
			d.api(http.MethodPost, "running/req_nobody/end", "{}").want(t, http.StatusNotFound)
			d.api(http.MethodPost, "running/"+one.ID+"/end", `{"reason":"too dear"}`).want(t, http.StatusOK)
			a := <-done
			if a.Status != c.clientStatus || !strings.Contains(a.Body, c.clientSees) || c.stream && (a.Err == nil || strings.Contains(a.Body, "[DONE]")) {
				t.Errorf("the client got %d %v %s", a.Status, a.Err, a.Body)
			}
			rec := d.recordOf(one.ID)
			if rec.Outcome != ai.Ended || !strings.HasPrefix(rec.Message, "ended by operator at ") || !strings.HasSuffix(rec.Message, ": too dear") || len(rec.Attempts) != 1 || rec.Attempts[0].Outcome.Kind != ai.Ended {
				t.Errorf("the record is %s, %q: %+v", rec.Outcome, rec.Message, rec.Attempts)
			}
			if cooling := d.cooling(); len(cooling) > 0 {
				t.Errorf("the channel cools down for it: %v", cooling)
			}
			d.api(http.MethodPost, "running/"+one.ID+"/end", "{}").want(t, http.StatusNotFound)
		})
	}
}

// TestRunningIsTold: those who watch are told of a call that begins and ends,
// and of its token's holder nobody else is.
func TestRunningIsTold(t *testing.T) {
	t.Parallel()
	url, begun := halted(t)
	d := openDesk(t, richToken+"token other "+poorToken+"\n"+channelURL("slow", url))
	watch := func(login string) (text func() string) {
		t.Helper()
		d.logIn(login)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL+"/desk/api/live", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+d.login)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		var mu sync.Mutex
		var read strings.Builder
		go func() {
			b := make([]byte, 4096)
			for {
				n, err := resp.Body.Read(b)
				mu.Lock()
				read.Write(b[:n])
				mu.Unlock()
				if err != nil {
					return
				}
			}
		}()
		return func() string {
			mu.Lock()
			defer mu.Unlock()
			return read.String()
		}
	}
	other, holder, operator := watch(`{"token":"`+poorToken+`"}`), watch(`{"token":"`+testToken+`"}`), watch(`{"password":"`+testPassword+`"}`)
	done := make(chan answer)
	go func() { done <- d.askModel(ai.OpenAI, "m", true) }()
	<-begun
	for name, text := range map[string]func() string{"operator": operator, "holder": holder} {
		eventually(t, func() (string, bool) {
			return name + " is not told", strings.Contains(text(), "event: running\n") && strings.Contains(text(), `"state":"streaming"`)
		})
	}
	id := data[runningList](t, d.api(http.MethodGet, "running", "")).Calls[0].ID
	d.api(http.MethodPost, "running/"+id+"/end", "{}").want(t, http.StatusOK)
	<-done
	eventually(t, func() (string, bool) {
		at := strings.LastIndex(operator(), "event: running\n")
		return "the end is not told", strings.Contains(operator()[at:], `"calls":[],"total":0`)
	})
	if strings.Contains(other(), id) || strings.Contains(holder(), `"slow"`) {
		t.Errorf("a holder is told what is not theirs:\n%s\n%s", other(), holder())
	}
}

// TestPlayground: a call of the playground is the gateway's own, and counted.
func TestPlayground(t *testing.T) {
	t.Parallel()
	f := fake(t)
	d := openDesk(t, richToken+"token stopped sk-ccload-0123456789abcdef {\ndisabled\n}\n"+"token poor "+poorToken+" {\nrpm 1\nmodels m\n}\n"+channelAt("one", f)+channelAt("two", f, "priority 5"))
	ask := func(more string) string {
		return `{` + more + `"body":{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":9}}`
	}
	for _, c := range []struct {
		name, body    string
		status        int
		token, served string
		outcome       ai.Kind
	}{
		{"as the operator", ask(""), 200, "", "two", ai.OK},
		{"a channel", ask(`"channel":"one",`), 200, "", "one", ai.OK},
		{"as a token", ask(`"token":"tests",`), 200, "tests", "two", ai.OK},
		{"another protocol", ask(`"path":"/v1/messages",`), 200, "", "two", ai.OK},
		{"a path without a version", ask(`"path":"/messages",`), 200, "", "two", ai.OK},
		{"a stream", strings.Replace(ask(""), `"max_tokens"`, `"stream":true,"max_tokens"`, 1), 200, "", "two", ai.OK},
		{"the token's first", ask(`"token":"poor",`), 200, "poor", "two", ai.OK},
		{"its limit", ask(`"token":"poor",`), 429, "poor", "", ai.RateLimited},
		{"a model that it may not use", strings.Replace(ask(`"token":"poor",`), `"model":"m"`, `"model":"n"`, 1), 403, "poor", "", ai.InvalidRequest},
		{"bad JSON of the protocol", `{"body":{"messages":"x"}}`, 400, "", "", ai.InvalidRequest},
	} {
		a := d.api(http.MethodPost, "playground", c.body).want(t, c.status)
		id := a.Header.Get("X-Ccload-Request-Id")
		if id == "" {
			t.Errorf("%s: no id", c.name)
			continue
		}
		if rec := d.recordOf(id); !rec.Playground || rec.Token != c.token || rec.Channel != c.served || rec.Outcome != c.outcome || rec.UserAgent != "ccload-playground" {
			t.Errorf("%s: the record is %+v", c.name, rec)
		}
	}
	before := f.Total()
	for _, c := range []struct {
		body   string
		status int
		field  string
	}{
		{ask(`"token":"nobody",`), 404, "token"},
		{ask(`"token":"stopped",`), 409, "token"},
		{ask(`"channel":"nobody",`), 404, "channel"},
		{ask(`"site":"elsewhere.example",`), 400, "site"},
		{ask(`"path":"/nothing",`), 400, "path"},
		{ask(`"path":"https://elsewhere.example/v1/messages",`), 400, "path"},
		{ask(`"path":"//elsewhere.example/v1/messages",`), 400, "path"},
		{ask(`"path":"/v1/models",`), 400, "path"},
		{ask(`"path":"%",`), 400, "path"},
		{`{}`, 400, "body"},
		{`{"body":`, 400, ""},
	} {
		a := d.api(http.MethodPost, "playground", c.body)
		if _, field, _ := problem(t, a); a.Status != c.status || field != c.field {
			t.Errorf("%s: %d of %q: %s", c.body, a.Status, field, a.Body)
		}
	}
	d.api(http.MethodPost, "playground", ask(""), func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }).want(t, http.StatusUnsupportedMediaType)
	d.api(http.MethodPost, "playground", ask(""), func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }).want(t, http.StatusForbidden)
	if after := f.Total(); after != before {
		t.Errorf("%d refused questions reached the upstream", after-before)
	}
	d.logIn(`{"token":"` + testToken + `"}`)
	d.api(http.MethodPost, "playground", ask("")).want(t, http.StatusForbidden)
}

// TestPlaygroundBreaksOff: a stream that breaks off does not look complete.
func TestPlaygroundBreaksOff(t *testing.T) {
	t.Parallel()
	url := upstream(t, func(w http.ResponseWriter, _ []byte) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"one\"}}]}\n\n")
		w.(http.Flusher).Flush()
		time.Sleep(time.Millisecond) // so that it is two reads
		panic(http.ErrAbortHandler)
	})
	d := openDesk(t, channelURL("s", url))
	a := d.api(http.MethodPost, "playground", `{"body":{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}}`)
	if a.Err == nil || !strings.Contains(a.Body, "upstream_truncated") {
		t.Errorf("%v %s", a.Err, a.Body)
	}
	if rec := d.recordOf(a.Header.Get("X-Ccload-Request-Id")); rec.Outcome != ai.Truncated || !rec.Playground {
		t.Errorf("the record is %+v", rec)
	}
}

// TestDashboardAtTheRoot: the dashboard and the gateway share the root of a
// site, and what is of neither goes on.
func TestDashboardAtTheRoot(t *testing.T) {
	t.Parallel()
	f := fake(t)
	g := startGateway(t, fmt.Sprintf("{\nadmin off\nauto_https off\npersist_config off\nccload {\nstore sqlite %s\nadmin_password %q\n%s\n}\n}\nhttp://127.0.0.1:9 {\nccload\nccload_admin /*\nrespond \"next handler\" 299\n}\n", t.TempDir()+"/ccload.db", testPasswordHash, richToken+channelAt("one", f)))
	for path, want := range map[string]struct {
		status int
		has    string
	}{
		"/":                 {200, "<!doctype html>"},
		"/api/session":      {200, `"password":true`},
		"/api/nothing":      {404, "not_found"},
		"/assets/none/a.js": {404, "not_found"},
		"/v1/models":        {200, `"data"`},
		"/v1/nothing":       {299, "next handler"},
		"/health":           {200, ""},
		"/other":            {299, "next handler"},
		"/api":              {299, "next handler"},
		"/apis/x":           {299, "next handler"},
	} {
		change := func(r *http.Request) {
			if !strings.HasPrefix(path, "/v1") {
				r.Header.Del("Authorization")
			}
		}
		if a := g.do(http.MethodGet, path, "", change); a.Status != want.status || !strings.Contains(strings.ToLower(a.Body), strings.ToLower(want.has)) {
			t.Errorf("%s: %d %s, want %d with %s", path, a.Status, clipped(a.Body), want.status, want.has)
		}
	}
	g.ask(ai.Anthropic, false).want(t, http.StatusOK)
	a := g.do(http.MethodPost, "/api/login", `{"password":"`+testPassword+`"}`, func(r *http.Request) { r.Header.Del("Authorization") }).want(t, http.StatusOK)
	if cookie := a.Header.Get("Set-Cookie"); !strings.Contains(cookie, "Path=/;") {
		t.Errorf("the cookie is %q", cookie)
	}
}
