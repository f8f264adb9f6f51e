package ccload

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
)

const strayKey = "sk-stays-at-home-0123456789"

// TestKeysLeaveByPasswordOnly: a login alone gets no key out, by no way that
// the API has.
func TestKeysLeaveByPasswordOnly(t *testing.T) {
	t.Parallel()
	d := openDesk(t, "")
	d.api(http.MethodPost, "channels", `{"name":"one","urls":[{"url":"http://127.0.0.1:9"}],"keys":[{"key":"`+strayKey+`"}]}`).want(t, http.StatusCreated)
	d.api(http.MethodGet, "export?secrets=true", "").want(t, http.StatusBadRequest)
	for body, status := range map[string]int{
		`{"secrets":true}`:                                                  http.StatusForbidden,
		`{"secrets":true,"password":"guess"}`:                               http.StatusForbidden,
		`{"secrets":true,"password":"` + testPassword + `","more":1}`:       http.StatusBadRequest,
		`{"format":"xml","secrets":true,"password":"` + testPassword + `"}`: http.StatusBadRequest,
		`{}`: http.StatusOK,
	} {
		if a := d.api(http.MethodPost, "export", body).want(t, status); strings.Contains(a.Body, strayKey) {
			t.Errorf("%s gets the key: %s", body, a.Body)
		}
	}
	d.api(http.MethodPost, "export", `{"secrets":true,"password":"`+testPassword+`"}`, func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}).want(t, http.StatusForbidden)
	if a := d.exporting("json").want(t, http.StatusOK); !strings.Contains(a.Body, strayKey) {
		t.Errorf("the password gets no key: %s", a.Body)
	}
	type entry struct{ Action, Kind, Name, Actor, Address string }
	var export, failed, login bool
	for _, e := range data[[]entry](t, d.api(http.MethodGet, "audit", "").want(t, http.StatusOK)) {
		export = export || e.Action == "export" && e.Kind == "secrets" && e.Actor == "operator"
		failed = failed || e == entry{"login", "password", "failed", "unknown", "127.0.0.1"}
		login = login || e == entry{"login", "password", "ok", "operator", "127.0.0.1"}
	}
	if !export || !failed || !login {
		t.Errorf("the trail has the export %v, the failure %v, the login %v", export, failed, login)
	}
}

// TestKeysStayAtHome: stored keys and headers do not follow their channel
// elsewhere, unless they or the password are given with the change.
func TestKeysStayAtHome(t *testing.T) {
	t.Parallel()
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(fmt.Sprint(r.Header), strayKey) {
			t.Error("a key has left")
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(stranger.Close)
	elsewhere := stranger.URL
	d := openDesk(t, "")
	make := func(name string) {
		t.Helper()
		d.api(http.MethodPost, "channels", `{"name":"`+name+`","urls":[{"url":"http://127.0.0.1:9"}],"keys":[{"key":"`+strayKey+`"}],"header_up":{"set":{"X-Extra":["`+strayKey+`"]}}}`).want(t, http.StatusCreated)
	}
	make("one")
	make("two")
	print := access.Fingerprint(strayKey)
	urls := `"urls":[{"url":"` + elsewhere + `"}]`
	kept := `"header_up":{"set":{"X-Extra":["********"]}}`
	refused := []struct{ method, path, body string }{
		{"PATCH", "channels/one", `{` + urls + `}`},
		{"PATCH", "channels/one", `{"urls":[{"url":"http://127.0.0.1:9"},{"url":"` + elsewhere + `"}]}`},
		{"PATCH", "channels/one", `{"urls":[{"url":"http://127.0.0.2:9"}]}`},
		{"PATCH", "channels/one", `{"urls":null,"provider":"openai"}`},
		{"PATCH", "channels/one", `{"proxy":"` + elsewhere + `"}`},
		{"PATCH", "channels/one", `{"name":"other",` + urls + `}`},
		{"PATCH", "channels/one", `{"tls_insecure_skip_verify":true}`},
		{"PATCH", "channels/one", `{` + urls + `,"keys":[{"key":"sk-another-0123456789abc"}]}`}, // the header stays
		{"PATCH", "channels/one", `{` + urls + `,"keys":[{"key":"sk-another-0123456789abc"},{"fingerprint":"` + print + `"}],"header_up":null}`},
		{"PUT", "channels/one", `{` + urls + `}`},
		{"PUT", "channels/one", `{` + urls + `,"keys":[{"fingerprint":"` + print + `"}]}`},
		{"PUT", "channels/one", `{` + urls + `,"keys":[],` + kept + `}`},
		{"POST", "channels/batch", `{"names":["one","two"],"change":{` + urls + `}}`},
		{"POST", "channels/batch", `{"names":["two"],"change":{"proxy":"` + elsewhere + `"}}`},
		{"POST", "models/fetch", `{"name":"one",` + urls + `}`},
		{"POST", "models/fetch", `{"name":"one",` + urls + `,"keys":[{"fingerprint":"` + print + `"}]}`},
	}
	for _, c := range refused {
		if code, _, _ := problem(t, d.api(c.method, c.path, c.body).want(t, http.StatusForbidden)); code != "password_required" {
			t.Errorf("%s %s %s: %s", c.method, c.path, c.body, code)
		}
	}
	wrong := strings.Replace(refused[0].body, "{", `{"password":"guess",`, 1)
	if code, field, _ := problem(t, d.api(refused[0].method, refused[0].path, wrong).want(t, http.StatusForbidden)); code != "wrong_credential" || field != "password" {
		t.Errorf("a wrong password is %s, %s", code, field)
	}
	file := `{"ccload":1,"channels":[{"name":"one",` + urls + `}]}`
	if r := d.importing("", file); len(r.Problems) != 1 || r.Problems[0].Name != "one" || r.Changed != 0 {
		t.Errorf("an import takes it: %+v", r)
	}
	d.api(http.MethodPost, "channels/one/test", `{"models":["m"],"url":"`+elsewhere+`"}`).want(t, http.StatusBadRequest)

	// What is no other place asks nothing; what is given anew or by password is
	// done, and the password is kept nowhere.
	password := `"password":"` + testPassword + `",`
	for _, c := range []struct{ method, path, body string }{
		{"PATCH", "channels/one", `{"urls":[{"url":"https://127.0.0.1:9/v1"}]}`},
		{"PATCH", "channels/one", `{"priority":3}`},
		{"PATCH", "channels/one", `{` + urls + `,"keys":[{"key":"sk-another-0123456789abc"}],"header_up":{"set":{"X-Extra":["new"]}}}`},
		{"PATCH", "channels/two", `{` + password + `"urls":[{"url":"http://127.0.0.2:9"}]}`},
		{"PUT", "channels/two", `{` + password + `"urls":[{"url":"http://127.0.0.3:9"}]}`},
		{"POST", "channels/batch", `{` + password + `"names":["two"],"change":{"urls":[{"url":"http://127.0.0.4:9"}]}}`},
	} {
		if a := d.api(c.method, c.path, c.body).want(t, http.StatusOK); strings.Contains(a.Body, testPassword) {
			t.Errorf("%s %s shows the password", c.method, c.path)
		}
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, value := range map[string]string{"password": testPassword, "file": `{"ccload":1,"channels":[{"name":"two","urls":[{"url":"http://127.0.0.5:9"}]}]}`} {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close()
	a := d.api(http.MethodPost, "import", form.String(), func(r *http.Request) { r.Header.Set("Content-Type", w.FormDataContentType()) })
	if r := data[imported](t, a.want(t, http.StatusOK)); r.Changed != 1 || len(r.Problems) > 0 {
		t.Errorf("an import with the password: %+v", r)
	}
	if whole := d.exporting("json").Body; strings.Contains(whole, testPassword) || !strings.Contains(whole, "127.0.0.5") {
		t.Errorf("what is stored: %s", whole)
	}
}

// TestPerilousAddresses: by the API they need allow_private_addresses, and by
// the config they do not.
func TestPerilousAddresses(t *testing.T) {
	t.Parallel()
	d := openDesk(t, "channel declared {\nurl http://169.254.169.254\nprotocol openai\nkey sk-0123456789abcdef\n}\n")
	for _, address := range []string{"http://169.254.169.254/latest", "http://169.254.1.1:8080", "http://[fe80::1]", "http://0.0.0.0:9", "http://[::]:9", "http://[::ffff:a9fe:a9fe]", "http://100.100.100.200", "http://[fd00:ec2::254]"} {
		channel := `{"name":"x","urls":[{"url":"` + address + `"}],"keys":[{"key":"sk-0123456789abcdef"}]}`
		by := `{"name":"x","urls":[{"url":"https://a.example"}],"proxy":"` + strings.TrimSuffix(address, "/latest") + `","keys":[{"key":"sk-0123456789abcdef"}]}`
		for _, path := range []string{"channels", "models/fetch"} {
			if _, field, _ := problem(t, d.api(http.MethodPost, path, channel).want(t, http.StatusBadRequest)); field != "channel.urls" {
				t.Errorf("%s %s: %s", path, address, field)
			}
			if _, field, _ := problem(t, d.api(http.MethodPost, path, by).want(t, http.StatusBadRequest)); field != "channel.proxy" {
				t.Errorf("%s by proxy %s: %s", path, address, field)
			}
		}
		if r := d.importing("", `{"ccload":1,"channels":[`+strings.Replace(channel, `"keys":[{"key":"sk-0123456789abcdef"}]`, `"keys":[]`, 1)+`]}`); len(r.Problems) != 1 {
			t.Errorf("import of %s: %+v", address, r)
		}
		d.api(http.MethodPost, "channels", strings.Replace(channel, "{", `{"allow_private_addresses":true,`, 1)).want(t, http.StatusCreated)
		d.api(http.MethodPatch, "channels/x", `{"allow_private_addresses":false}`).want(t, http.StatusBadRequest)
		d.api(http.MethodDelete, "channels/x", "").want(t, http.StatusOK)
	}
}

// TestLoginsEndWithTheirSecret: another secret of a token ends the logins that
// were made with the one before.
func TestLoginsEndWithTheirSecret(t *testing.T) {
	t.Parallel()
	d := openDesk(t, "")
	operator := d.login
	secret := data[struct{ Secret string }](t, d.api(http.MethodPost, "tokens", `{"name":"laptop"}`).want(t, http.StatusCreated)).Secret
	d.logIn(`{"token":"` + secret + `"}`)
	holder := d.login
	d.api(http.MethodGet, "calls", "").want(t, http.StatusOK)
	d.login = operator
	d.api(http.MethodPatch, "tokens/laptop", `{"rpm":60}`).want(t, http.StatusOK)
	d.login = holder
	d.api(http.MethodGet, "calls", "").want(t, http.StatusOK)
	d.login = operator
	d.api(http.MethodPatch, "tokens/laptop", `{"new_secret":true}`).want(t, http.StatusOK)
	d.login = ""
	d.api(http.MethodGet, "calls", "", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "ccload_session", Value: holder}) }).want(t, http.StatusUnauthorized)
}

// TestSecretFiles: the secret of a token is made once, into a file that only
// its owner may read, and is shown nowhere else.
func TestSecretFiles(t *testing.T) {
	t.Parallel()
	url := upstream(t, answers(claude(10, 10)))
	folder := t.TempDir()
	file := filepath.Join(folder, "made", "secret")
	db := filepath.Join(folder, "ccload.db")
	options := channelURL("one", url) + fmt.Sprintf("token made {\nsecret_file %s\n}\ntoken broken {\nsecret_file %s\n}\n", file, filepath.Join(db, "none"))
	d := openDeskAt(t, db, options)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimSpace(string(text))
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(secret, "sk-ccload-") {
		t.Errorf("the file is %v, %v", info, err)
	}
	d.askModel(ai.Anthropic, "claude-opus-4-6", false, as(secret)).want(t, http.StatusOK)
	d.logIn(`{"password":"` + testPassword + `"}`)
	shown := d.api(http.MethodGet, "tokens", "").want(t, http.StatusOK)
	if strings.Contains(shown.Body, secret) || !strings.Contains(shown.Body, file) {
		t.Errorf("the API shows %s", shown.Body)
	}
	for _, body := range []string{`{"name":"x","secret_file":"/etc/passwd"}`, `{"name":"x","secret":"0123456789abcdefgh","secret_file":"x"}`} {
		if _, field, _ := problem(t, d.api(http.MethodPost, "tokens", body).want(t, http.StatusBadRequest)); field != "token.secret_file" {
			t.Errorf("%s: %s", body, field)
		}
	}
	d.close()
	d = openDeskAt(t, db, options)
	d.askModel(ai.Anthropic, "claude-opus-4-6", false, as(secret)).want(t, http.StatusOK)
}

// TestWhatIsSaidTwice: JSON and queries that can be read in two ways are
// refused, by every route that takes any.
func TestWhatIsSaidTwice(t *testing.T) {
	t.Parallel()
	d := openDesk(t, "")
	var description struct {
		Paths map[string]map[string]struct {
			RequestBody struct{ Content map[string]any }
		}
	}
	if err := json.Unmarshal([]byte(d.api(http.MethodGet, "openapi.json", "").Body), &description); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for path, operations := range description.Paths {
		path = strings.NewReplacer("{name}", "x", "{id}", "x").Replace(strings.TrimPrefix(path, "/"))
		for method, op := range operations {
			method = strings.ToUpper(method)
			for _, query := range []string{"a=%zz", "a;b=1", "%=1"} {
				a := d.api(method, path+"?"+query, "{}").want(t, http.StatusBadRequest)
				if _, _, message := problem(t, a); !strings.Contains(message, "query") {
					t.Errorf("%s %s?%s: %s", method, path, query, message)
				}
			}
			for kind := range op.RequestBody.Content {
				if !strings.HasSuffix(kind, "json") {
					continue
				}
				asked++
				for _, body := range []string{`{"name":"x","name":"y"}`, `{"name":"x","Name":"y"}`, `{"a":{"b":1,"b":2}}`} {
					a := d.api(method, path, body, func(r *http.Request) { r.Header.Set("Content-Type", kind) }).want(t, http.StatusBadRequest)
					if _, _, message := problem(t, a); !strings.Contains(message, "twice") {
						t.Errorf("%s %s %s: %s", method, path, body, message)
					}
				}
			}
		}
	}
	if asked < 15 {
		t.Errorf("only %d routes take JSON", asked)
	}
}

// TestTokenGuessesAreSlowed: an address that sends many unknown tokens waits,
// and whoever shares it with a good token does not.
func TestTokenGuessesAreSlowed(t *testing.T) {
	t.Parallel()
	g := startGateway(t, fmt.Sprintf("{\nadmin off\nauto_https off\npersist_config off\nservers {\ntrusted_proxies static private_ranges\n}\nccload {\nstore sqlite %s\n%s\n}\n}\nhttp://127.0.0.1:9 {\nccload\n}\n", filepath.Join(t.TempDir(), "ccload.db"), richToken+channelURL("one", upstream(t, answers(claude(10, 10))))))
	ended, end := context.WithCancel(t.Context())
	end()
	guesses := g.app.state.gateway.Guesses
	waits := func(by *access.Guessing, address, secret string) bool { return by.Wait(ended, address, secret) != nil }
	from := func(address string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("X-Forwarded-For", address) }
	}
	g.askModel(ai.Anthropic, "claude-opus-4-6", false, from("192.0.2.1")).want(t, http.StatusOK)
	for i := range gateway.GuessesByAddress + 2 {
		g.askModel(ai.Anthropic, "claude-opus-4-6", false, from("192.0.2.1"), as(fmt.Sprintf("a-made-up-token-%d", i))).want(t, http.StatusUnauthorized)
	}
	if !waits(guesses.Addresses, "192.0.2.1", "another") || waits(guesses.Addresses, "192.0.2.2", "another") || waits(guesses.Peers, "127.0.0.1", "another") {
		t.Error("not the address that guessed waits, or not it alone")
	}
	g.askModel(ai.Anthropic, "claude-opus-4-6", false, from("192.0.2.1")).want(t, http.StatusOK)
	if waits(guesses.Addresses, "192.0.2.1", testToken) {
		t.Error("a good token waits again")
	}
	for i := range gateway.GuessesByPeer - gateway.GuessesByAddress {
		g.askModel(ai.Anthropic, "claude-opus-4-6", false, from(fmt.Sprintf("198.51.100.%d", i)), as("a-made-up-token")).want(t, http.StatusUnauthorized)
	}
	if !waits(guesses.Peers, "127.0.0.1", "another") {
		t.Error("the proxy that guesses come by does not wait")
	}
	g.askModel(ai.Anthropic, "claude-opus-4-6", false, from("203.0.113.1")).want(t, http.StatusOK)
}

// TestServersThatBelieveClients: whoever trusts proxies but not strictly is
// warned of it.
func TestServersThatBelieveClients(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]bool{
		"": false,
		"servers {\ntrusted_proxies static private_ranges\n}":                         true,
		"servers {\ntrusted_proxies static private_ranges\ntrusted_proxies_strict\n}": false,
	} {
		g := startGateway(t, fmt.Sprintf("{\nadmin off\nauto_https off\npersist_config off\n%s\nccload {\nstore sqlite %s\n}\n}\nhttp://127.0.0.1:9 {\nccload\n}\n", options, filepath.Join(t.TempDir(), "ccload.db")))
		app, err := g.app.ctx.App("http")
		if err != nil {
			t.Fatal(err)
		}
		servers := app.(*caddyhttp.App).Servers
		if len(servers) != 1 {
			t.Fatalf("%d servers", len(servers))
		}
		for _, server := range servers {
			if got := believesClients(server); got != want {
				t.Errorf("with %q: %v", options, got)
			}
		}
	}
}
