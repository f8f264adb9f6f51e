package ccload

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/ccload/ccload/ai"
)

const testPassword = "correct horse"

// testPasswordHash is its hash, as cheap as one may be.
var testPasswordHash = func() string {
	salt := []byte("a salt for tests")
	sum := argon2.IDKey([]byte(testPassword), salt, 1, 8, 1, 16)
	return "$argon2id$v=19$m=8,t=1,p=1$" + base64.RawStdEncoding.EncodeToString(salt) + "$" + base64.RawStdEncoding.EncodeToString(sum)
}()

// desk is a gateway whose dashboard's API is asked.
type desk struct {
	*testGateway
	login string // sent as a bearer credential, if there is one
}

// openDesk starts a gateway with a dashboard and logs the operator in.
func openDesk(t *testing.T, options string) *desk {
	t.Helper()
	d := openDeskAt(t, filepath.Join(t.TempDir(), "ccload.db"), options)
	d.logIn(`{"password":"` + testPassword + `"}`)
	return d
}

func openDeskAt(t *testing.T, db, options string) *desk {
	t.Helper()
	return &desk{testGateway: startGateway(t, fmt.Sprintf("{\nadmin off\nauto_https off\npersist_config off\nccload {\nstore sqlite %s\nadmin_password %q\n%s\n}\n}\nhttp://127.0.0.1:9 {\nccload\nccload_admin /desk/*\nrespond \"next handler\" 299\n}\n", db, testPasswordHash, options))}
}

// logIn makes what follows be asked with a login.
func (d *desk) logIn(body string) {
	d.t.Helper()
	d.login = ""
	a := d.api(http.MethodPost, "login", body).want(d.t, http.StatusOK)
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		d.login = c.Value
	}
	if d.login == "" {
		d.t.Fatalf("a login sets no cookie: %v", a.Header)
	}
}

// api asks the dashboard's API.
func (d *desk) api(method, path, body string, change ...func(*http.Request)) answer {
	d.t.Helper()
	change = append([]func(*http.Request){func(r *http.Request) {
		r.Header.Del("Authorization")
		if d.login != "" {
			r.Header.Set("Authorization", "Bearer "+d.login)
		}
	}}, change...)
	return d.do(method, "/desk/api/"+path, body, change...)
}

// data reads what an answer holds.
func data[T any](t *testing.T, a answer) T {
	t.Helper()
	var envelope struct {
		Time time.Time
		Data T
	}
	if err := json.Unmarshal([]byte(a.Body), &envelope); err != nil {
		t.Fatalf("%v\n%s", err, clipped(a.Body))
	}
	if off := time.Since(envelope.Time); off < -time.Minute || off > time.Minute {
		t.Errorf("the server's time is %v", envelope.Time)
	}
	return envelope.Data
}

// problem is what an answer refuses with.
func problem(t *testing.T, a answer) (code, field, message string) {
	t.Helper()
	var envelope struct {
		Error struct{ Code, Field, Message string }
	}
	if err := json.Unmarshal([]byte(a.Body), &envelope); err != nil || envelope.Error.Code == "" || envelope.Error.Message == "" {
		t.Fatalf("%v: no error in %s", err, clipped(a.Body))
	}
	return envelope.Error.Code, envelope.Error.Field, envelope.Error.Message
}

// TestEverythingMadeByTheAPI: a gateway that declares nothing is given a
// channel, a token and an alias, serves with them, and forgets nothing.
func TestEverythingMadeByTheAPI(t *testing.T) {
	t.Parallel()
	f := fake(t)
	db := filepath.Join(t.TempDir(), "ccload.db")
	d := openDeskAt(t, db, "")
	d.logIn(`{"password":"` + testPassword + `"}`)
	if code, _, _ := problem(t, answer{Body: d.askModel(ai.Anthropic, "m", false).Body}); code == "" {
		t.Error("a gateway without tokens answers")
	}
	d.api(http.MethodPost, "channels", fmt.Sprintf(`{"name":"one","urls":[{"url":%q}],"protocols":["anthropic"],"models":["claude-*"],"keys":[{"key":"sk-upstream-0123456789abcd","note":"of the team"}]}`, f.URL)).want(t, http.StatusCreated)
	token := data[struct{ Secret, Name string }](t, d.api(http.MethodPost, "tokens", `{"name":"laptop"}`).want(t, http.StatusCreated))
	if !strings.HasPrefix(token.Secret, "sk-ccload-") {
		t.Fatalf("the secret is %q", token.Secret)
	}
	d.api(http.MethodPost, "aliases", `{"name":"fast","models":["claude-haiku-4-5"]}`).want(t, http.StatusCreated)
	d.askModel(ai.Anthropic, "fast", false, as(token.Secret)).want(t, http.StatusOK)

	// What is shown of secrets is not the secrets.
	for _, path := range []string{"channels", "tokens", "channels/one", "tokens/laptop", "audit", "export"} {
		a := d.api(http.MethodGet, path, "").want(t, http.StatusOK)
		if strings.Contains(a.Body, "sk-upstream-0123456789abcd") || strings.Contains(a.Body, token.Secret) {
			t.Errorf("%s shows a secret: %s", path, a.Body)
		}
	}
	// A change of one setting leaves the others, and the key.
	d.api(http.MethodPatch, "channels/one", `{"priority":7}`).want(t, http.StatusOK)
	view := data[struct {
		Config struct {
			Priority int
			Models   []string
			Keys     []struct {
				LastFour string `json:"last_four"`
				Note     string
			}
		}
		State *struct{ Origin string }
	}](t, d.api(http.MethodGet, "channels/one", "").want(t, http.StatusOK))
	if view.Config.Priority != 7 || len(view.Config.Models) != 1 || len(view.Config.Keys) != 1 || view.Config.Keys[0].LastFour != "abcd" || view.Config.Keys[0].Note != "of the team" || view.State == nil || view.State.Origin != "stored" {
		t.Errorf("after a patch it is %+v", view)
	}
	d.askModel(ai.Anthropic, "claude-haiku-4-5", false, as(token.Secret)).want(t, http.StatusOK)
	d.close()

	d = openDeskAt(t, db, "")
	d.askModel(ai.Anthropic, "fast", false, as(token.Secret)).want(t, http.StatusOK)
	d.logIn(`{"password":"` + testPassword + `"}`)
	d.api(http.MethodDelete, "tokens/laptop", "").want(t, http.StatusOK)
	d.askModel(ai.Anthropic, "fast", false, as(token.Secret)).want(t, http.StatusUnauthorized)
	trail := data[[]struct{ Action, Kind, Name, Actor string }](t, d.api(http.MethodGet, "audit", "").want(t, http.StatusOK))
	if len(trail) < 5 || trail[0].Action != "remove" || trail[0].Name != "laptop" || trail[0].Actor != "operator" {
		t.Errorf("the trail is %+v", trail)
	}
}

// TestChangesCutNoStream: a channel is changed and removed while its answers
// are under way.
func TestChangesCutNoStream(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan bool, 1), make(chan bool)
	url := upstream(t, func(w http.ResponseWriter, _ []byte) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"one\"}}]}\n\n")
		w.(http.Flusher).Flush()
		begun <- true
		<-goOn
		fmt.Fprint(w, "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	})
	d := openDesk(t, richToken)
	d.api(http.MethodPost, "channels", fmt.Sprintf(`{"name":"s","urls":[{"url":%q}],"protocols":["openai"]}`, url)).want(t, http.StatusCreated)
	done := make(chan answer)
	go func() { done <- d.askModel(ai.OpenAI, "m", true) }()
	<-begun
	d.api(http.MethodPatch, "channels/s", `{"weight":3}`).want(t, http.StatusOK)
	d.api(http.MethodDelete, "channels/s", "").want(t, http.StatusOK)
	d.askModel(ai.OpenAI, "m", false).want(t, http.StatusNotFound)
	close(goOn)
	if a := (<-done).want(t, http.StatusOK); !strings.Contains(a.Body, "two") || !strings.Contains(a.Body, "[DONE]") || a.Err != nil {
		t.Errorf("the stream was cut: %v %s", a.Err, a.Body)
	}
}

// TestWhatIsWrongIsRefused: bad input gets a clear answer, and changes nothing.
func TestWhatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	f := fake(t)
	d := openDesk(t, richToken+channelAt("declared", f)+"alias quick m\n")
	d.api(http.MethodPost, "channels", fmt.Sprintf(`{"name":"taken","urls":[{"url":%q}],"keys":[{"key":"sk-0123456789abcdefgh"}]}`, f.URL)).want(t, http.StatusCreated)
	d.api(http.MethodPost, "tokens", `{"name":"user","channels":["taken"]}`).want(t, http.StatusCreated)
	before := d.api(http.MethodGet, "export", "").want(t, http.StatusOK).Body
	for _, c := range []struct {
		method, path, body string
		status             int
		code, field        string
	}{
		{"POST", "channels", `{`, 400, "invalid", ""},
		{"POST", "channels", `{"name":1}`, 400, "invalid", "channel.name"},
		{"POST", "channels", `{"name":"x","wight":1}`, 400, "invalid", "wight"},
		{"POST", "channels", `{"name":"x","provider":"openai","keys":[{"key":"sk-0123456789abcdefgh"}]}{}`, 400, "invalid", ""},
		{"POST", "channels", `{"name":"","provider":"openai"}`, 400, "invalid", "channel.name"},
		{"POST", "channels", `{"name":"a*b","provider":"openai","keys":[{"key":"sk-0123456789abcdefgh"}]}`, 400, "invalid", "channel.name"},
		{"POST", "channels", `{"name":"x","urls":[{"url":"ftp://x"}]}`, 400, "invalid", "channel.urls"},
		{"POST", "channels", `{"name":"x","urls":[{"url":"https://{env.HOME}"}]}`, 400, "invalid", "channel.urls"},
		{"POST", "channels", `{"name":"x","provider":"openai","keys":[{"key":"{env.HOME}"}]}`, 400, "invalid", "channel.keys"},
		{"POST", "channels", `{"name":"x","provider":"openai","keys":[{"fingerprint":"abc"}]}`, 400, "invalid", "channel.keys"},
		{"POST", "channels", `{"name":"x","provider":"openai","keys":[{"key":"sk-0123456789abcdefgh"},{"key":"sk-0123456789abcdefgh"}]}`, 400, "invalid", "channel.keys"},
		{"POST", "channels", `{"name":"x","provider":"openai","weight":10001,"keys":[{"key":"sk-0123456789abcdefgh"}]}`, 400, "invalid", "channel.weight"},
		{"POST", "channels", `{"name":"taken","provider":"openai","keys":[{"key":"sk-0123456789abcdefgh"}]}`, 409, "name_taken", "channel.name"},
		{"POST", "channels", `{"name":"declared","provider":"openai","keys":[{"key":"sk-0123456789abcdefgh"}]}`, 409, "name_taken", "channel.name"},
		{"PATCH", "channels/declared", `{"weight":2}`, 409, "declared", ""},
		{"DELETE", "channels/declared", ``, 409, "declared", ""},
		{"PATCH", "channels/nobody", `{"weight":2}`, 404, "not_found", ""},
		{"PATCH", "channels/taken", `[]`, 400, "invalid", ""},
		{"PATCH", "channels/taken", `{"weight":"2"}`, 400, "invalid", "channel.weight"},
		{"DELETE", "channels/taken", ``, 409, "in_use", ""},
		{"DELETE", "channels/" + strings.Repeat("x", 300), ``, 404, "not_found", ""},
		{"POST", "channels/batch", `{"names":["taken","nobody"],"change":{"weight":2}}`, 404, "not_found", ""},
		{"POST", "channels/batch", `{"names":["taken"],"change":{"keys":[]}}`, 400, "invalid", "change.keys"},
		{"POST", "channels/batch", `{"names":["taken"]}`, 400, "invalid", ""},
		{"POST", "tokens", `{"name":"user"}`, 409, "name_taken", "token.name"},
		{"POST", "tokens", `{"name":"x","secret":"short"}`, 400, "invalid", "token.secret"},
		{"POST", "tokens", `{"name":"x","secret":"{env.SECRET_OF_SOMEBODY}"}`, 400, "invalid", "token.secret"},
		{"POST", "tokens", `{"name":"x","channels":["nobody"]}`, 400, "invalid", "token.channels"},
		{"POST", "tokens", `{"name":"anonymous"}`, 400, "invalid", "token.name"},
		{"POST", "aliases", `{"name":"quick","models":["m"]}`, 409, "name_taken", "alias.name"},
		{"POST", "aliases", `{"name":"loop","models":["loop"]}`, 400, "invalid", "alias.models"},
		{"PUT", "settings", `{"retention":{"age":"-1h"}}`, 400, "invalid", "retention.age"},
		{"PUT", "settings", `{"capture":{"enabled":true,"bytes":99999999999999}}`, 400, "invalid", "capture.bytes"},
		{"POST", "cooling", `{"scope":"channel","channel":"nobody","seconds":60}`, 404, "not_found", "channel"},
		{"POST", "cooling", `{"scope":"channel","channel":"taken","seconds":0}`, 400, "invalid", "seconds"},
		{"GET", "calls?limit=501", ``, 400, "invalid", "limit"},
		{"GET", "calls?limit=999999999999999999999", ``, 400, "invalid", "limit"},
		{"GET", "calls?outcome=fine", ``, 400, "invalid", "outcome"},
		{"GET", "calls?limits=1", ``, 400, "invalid", "limits"},
		{"GET", "calls?model=" + strings.Repeat("x", 600), ``, 400, "invalid", "model"},
		{"GET", "calls/req_nobody", ``, 404, "not_found", ""},
		{"GET", "statistics?by=colour", ``, 400, "invalid", "by"},
		{"GET", "statistics?step=90s", ``, 400, "invalid", "step"},
		{"GET", "statistics?step=1m&since=2020-01-01", ``, 400, "invalid", "step"},
		{"GET", "statistics?since=2026-02-01&until=2026-01-01", ``, 400, "invalid", "since"},
		{"GET", "audit?before=x", ``, 400, "invalid", "before"},
		{"GET", "nothing", ``, 404, "not_found", ""},
		{"DELETE", "login", ``, 405, "method_not_allowed", ""},
		{"POST", "channels/taken/test", `{"models":["m"],"key":"nobody"}`, 400, "invalid", "key"},
		{"POST", "channels/nobody/test", `{"models":["m"]}`, 404, "not_found", ""},
	} {
		a := d.api(c.method, c.path, c.body)
		code, field, _ := problem(t, a)
		if a.Status != c.status || code != c.code || field != c.field {
			t.Errorf("%s %.60s %.80s: %d %s of %q, want %d %s of %q\n%s", c.method, c.path, c.body, a.Status, code, field, c.status, c.code, c.field, clipped(a.Body))
		}
	}
	// Metacharacters of SQL and LIKE are letters like any others.
	for _, text := range []string{"%25", "_", "'; DROP TABLE calls; --", "!", `\`} {
		page := data[struct{ Calls []any }](t, d.api(http.MethodGet, "calls?model="+strings.ReplaceAll(strings.ReplaceAll(text, " ", "%20"), ";", "%3B"), "").want(t, http.StatusOK))
		if len(page.Calls) != 0 {
			t.Errorf("%q finds %d calls", text, len(page.Calls))
		}
	}
	if after := d.api(http.MethodGet, "export", "").want(t, http.StatusOK).Body; after != before {
		t.Errorf("something was changed:\n%s\n%s", before, after)
	}
}

// TestHoldersSeeTheirOwn: a client token opens its own numbers and nothing else.
func TestHoldersSeeTheirOwn(t *testing.T) {
	t.Parallel()
	url := upstream(t, answers(claude(1000, 10)))
	d := openDesk(t, richToken+"token other "+poorToken+"\n"+channelURL("secret-account", url))
	for range 3 {
		d.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK)
	}
	other := d.askModel(ai.Anthropic, "claude-opus-4-6", false, as(poorToken)).want(t, http.StatusOK).Header.Get("X-Ccload-Request-Id")
	d.logIn(`{"token":"` + testToken + `"}`)
	page := d.api(http.MethodGet, "calls", "").want(t, http.StatusOK)
	if n := len(data[struct{ Calls []any }](t, page).Calls); n != 3 || strings.Contains(page.Body, "secret-account") {
		t.Errorf("%d calls: %s", n, clipped(page.Body))
	}
	sums := data[struct{ Rows []struct{ Calls int } }](t, d.api(http.MethodGet, "statistics", "").want(t, http.StatusOK))
	if len(sums.Rows) != 1 || sums.Rows[0].Calls != 3 {
		t.Errorf("statistics: %+v", sums)
	}
	budgets := data[[]struct{ Kind, Name string }](t, d.api(http.MethodGet, "budgets", "").want(t, http.StatusOK))
	if !slices.Equal(budgets, []struct{ Kind, Name string }{{"token", "tests"}}) {
		t.Errorf("budgets: %+v", budgets)
	}
	for path, status := range map[string]int{
		"calls/" + other: 404, "calls?token=other": 403, "calls?channel=secret-account": 403, "calls?token=*": 403,
		"statistics?by=channel": 400, "statistics?by=token": 400, "statistics?token=other": 400, "statistics?channel=secret-account": 400,
		"channels": 403, "tokens": 403, "audit": 403, "status": 403, "export": 403, "explain?model=m": 403,
	} {
		d.api(http.MethodGet, path, "").want(t, status)
	}
}

// TestLogins: who is let in, for how long, and who is slowed down.
func TestLogins(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "ccload.db")
	d := openDeskAt(t, db, richToken)
	d.logIn(`{"password":"` + testPassword + `"}`)
	d.api(http.MethodGet, "channels", "").want(t, http.StatusOK)
	// A login outlives the process, but not its password.
	d.close()
	login := d.login
	d = openDeskAt(t, db, richToken)
	d.login = login
	d.api(http.MethodGet, "channels", "").want(t, http.StatusOK)
	first := d.login
	d.logIn(`{"password":"` + testPassword + `"}`)
	d.api(http.MethodPost, "logout/all", "{}").want(t, http.StatusOK)
	for _, login := range []string{first, d.login} {
		d.login = login
		d.api(http.MethodGet, "channels", "").want(t, http.StatusUnauthorized)
	}
	// A page of another site gets nowhere.
	d.login = ""
	d.api(http.MethodPost, "login", `{"password":"`+testPassword+`"}`, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }).want(t, http.StatusForbidden)
	// Guessing gets slow: two wrong credentials from above count already.
	statuses := make(map[int]int)
	for range 8 {
		statuses[d.api(http.MethodPost, "login", `{"password":"guess"}`).Status]++
	}
	if statuses[401] == 0 || statuses[429] < 3 || statuses[401] > 5 {
		t.Errorf("guesses are answered %v", statuses)
	}
	a := d.api(http.MethodPost, "login", `{"password":"`+testPassword+`"}`).want(t, http.StatusTooManyRequests)
	if a.Header.Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
}

// TestAnotherKeyIsRefused: a database that was encrypted with another key is
// not touched, and the error says which key it is.
func TestAnotherKeyIsRefused(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "ccload.db")
	d := openDeskAt(t, db, "encryption_key the-first-key-of-all")
	d.logIn(`{"password":"` + testPassword + `"}`)
	d.api(http.MethodPost, "channels", `{"name":"x","provider":"openai","keys":[{"key":"sk-0123456789abcdefgh"}]}`).want(t, http.StatusCreated)
	config := d.config
	d.close()
	_, app := provision(t, strings.Replace(config, "the-first-key-of-all", "quite-another-key", 1))
	err := app.Start()
	if err == nil || !strings.Contains(err.Error(), "another encryption key") || !strings.Contains(err.Error(), "encryption_key") || strings.Contains(err.Error(), "quite-another-key") {
		t.Errorf("%v", err)
	}
	if err := app.Cleanup(); err != nil {
		t.Error(err)
	}
	// Both together open it, and a rotation makes the new one enough.
	d = openDeskAt(t, db, "encryption_key quite-another-key the-first-key-of-all")
	d.logIn(`{"password":"` + testPassword + `"}`)
	d.api(http.MethodPost, "rotate", "{}").want(t, http.StatusOK)
	d.close()
	d = openDeskAt(t, db, "encryption_key quite-another-key")
	d.logIn(`{"password":"` + testPassword + `"}`)
	if a := d.exporting("json").want(t, http.StatusOK); !strings.Contains(a.Body, "sk-0123456789abcdefgh") {
		t.Error("the key of the channel is lost")
	}
}

// TestEditsAtOnce: of many who change things at the same moment nobody's change
// is lost.
func TestEditsAtOnce(t *testing.T) {
	t.Parallel()
	d := openDesk(t, richToken)
	d.api(http.MethodPost, "tokens", `{"name":"shared","models":["m0"]}`).want(t, http.StatusCreated)
	const many = 40
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			if a := d.api(http.MethodPost, "tokens", fmt.Sprintf(`{"name":"t%d"}`, i)); a.Status != http.StatusCreated {
				t.Errorf("token %d: %d %s", i, a.Status, a.Body)
			}
			if a := d.api(http.MethodPatch, fmt.Sprintf("tokens/t%d", i), fmt.Sprintf(`{"rpm":%d}`, i+1)); a.Status != http.StatusOK {
				t.Errorf("token %d: %d %s", i, a.Status, a.Body)
			}
		})
	}
	for i := range many { // of one token, each another setting
		all.Go(func() {
			field := []string{"rpm", "tpm", "max_concurrency"}[i%3]
			if a := d.api(http.MethodPatch, "tokens/shared", fmt.Sprintf(`{"%s":7}`, field)); a.Status != http.StatusOK {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	all.Wait()
	if a := d.api(http.MethodGet, "tokens/shared", ""); !strings.Contains(a.Body, `"rpm":7,"tpm":7,"max_concurrency":7`) {
		t.Errorf("of changes of several settings there is %s", a.Body)
	}
	list := data[[]struct {
		Name string
		RPM  int
	}](t, d.api(http.MethodGet, "tokens", "").want(t, http.StatusOK))
	if len(list) != many+2 {
		t.Errorf("%d tokens, want %d", len(list), many+2)
	}
	for _, one := range list {
		var i int
		if n, _ := fmt.Sscanf(one.Name, "t%d", &i); n == 1 && one.RPM != i+1 {
			t.Errorf("%s has rpm %d", one.Name, one.RPM)
		}
	}
}

// TestTheDeclaredCounts: a config that declares what somebody has stored under
// the same name goes before it, and what was stored is there again when the
// config no longer does.
func TestTheDeclaredCounts(t *testing.T) {
	t.Parallel()
	f, g := fake(t), fake(t)
	db := filepath.Join(t.TempDir(), "ccload.db")
	key := "encryption_key the-key-of-this-test\n" + richToken
	served := func(d *desk) string {
		d.t.Helper()
		d.logIn(`{"password":"` + testPassword + `"}`)
		d.askModel(ai.Anthropic, "m", false).want(t, http.StatusOK)
		page := data[struct {
			Calls []struct {
				Attempts []struct{ Target struct{ URL string } }
			}
		}](t, d.api(http.MethodGet, "calls?limit=1", "").want(t, http.StatusOK))
		d.close()
		return page.Calls[0].Attempts[0].Target.URL
	}
	d := openDeskAt(t, db, key)
	d.logIn(`{"password":"` + testPassword + `"}`)
	d.api(http.MethodPost, "channels", fmt.Sprintf(`{"name":"one","urls":[{"url":%q}]}`, f.URL)).want(t, http.StatusCreated)
	if url := served(d); url != f.URL {
		t.Errorf("the stored one: %s", url)
	}
	if url := served(openDeskAt(t, db, key+channelAt("one", g))); url != g.URL {
		t.Errorf("both: %s", url)
	}
	if url := served(openDeskAt(t, db, key)); url != f.URL {
		t.Errorf("the stored one again: %s", url)
	}
}
