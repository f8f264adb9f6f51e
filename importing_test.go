package ccload

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
)

// imported is the answer to an import.
type imported struct {
	DryRun               bool `json:"dry_run"`
	Format               string
	Added, Changed, Same int
	Changes              []struct{ Kind, Name, Action string }
	Problems             []struct {
		Line                 int
		Name, Field, Message string
	}
}

func (d *desk) importing(query, file string) imported {
	d.t.Helper()
	return data[imported](d.t, d.api(http.MethodPost, "import?"+query, file).want(d.t, http.StatusOK))
}

// exporting asks for an export with secrets.
func (d *desk) exporting(format string) answer {
	d.t.Helper()
	return d.api(http.MethodPost, "export", `{"format":"`+format+`","secrets":true,"password":"`+testPassword+`"}`)
}

// TestExportsCanBeImported: what one gateway writes another takes, and serves
// the same clients with.
func TestExportsCanBeImported(t *testing.T) {
	t.Parallel()
	f := fake(t)
	from := openDesk(t, "")
	from.api(http.MethodPost, "channels", fmt.Sprintf(`{"name":"one","urls":[{"url":%q}],"keys":[{"key":"sk-0123456789abcdefgh","note":"n"},{"key":"sk-other-0123456789abc","disabled":true}],"models":["claude-*"],"header_up":{"set":{"X-A":["b"]}},"weight":4}`, f.URL)).want(t, http.StatusCreated)
	secret := data[struct{ Secret string }](t, from.api(http.MethodPost, "tokens", `{"name":"laptop","channels":["one"]}`).want(t, http.StatusCreated)).Secret
	from.api(http.MethodPost, "aliases", `{"name":"fast","models":["claude-haiku-4-5"]}`).want(t, http.StatusCreated)
	whole := from.exporting("json").want(t, http.StatusOK).Body
	if !strings.Contains(whole, "sk-0123456789abcdefgh") || strings.Contains(whole, secret) {
		t.Fatalf("with secrets: %s", clipped(whole))
	}
	to := openDesk(t, "")
	if r := to.importing("dry_run=true", whole); r.Added != 3 || !r.DryRun || len(r.Problems) > 0 {
		t.Errorf("dry run: %+v", r)
	}
	to.askModel(ai.Anthropic, "fast", false, as(secret)).want(t, http.StatusUnauthorized) // nothing was done
	if r := to.importing("", whole); r.Added != 3 || len(r.Problems) > 0 {
		t.Errorf("import: %+v", r)
	}
	to.askModel(ai.Anthropic, "fast", false, as(secret)).want(t, http.StatusOK)
	if r := to.importing("", whole); r.Same != 3 {
		t.Errorf("again: %+v", r)
	}
	if again := to.exporting("json").want(t, http.StatusOK).Body; again != whole {
		t.Errorf("exported again it is\n%s\nand was\n%s", again, whole)
	}
	// Without secrets it changes what it says, and leaves the secrets.
	without := strings.Replace(from.api(http.MethodGet, "export", "").want(t, http.StatusOK).Body, `"weight": 4`, `"weight": 5`, 1)
	if r := to.importing("", without); r.Changed != 1 || len(r.Problems) > 0 {
		t.Errorf("without secrets: %+v", r)
	}
	to.askModel(ai.Anthropic, "fast", false, as(secret)).want(t, http.StatusOK)
	table := from.exporting("csv").want(t, http.StatusOK).Body
	if r := to.importing("", table); r.Changed != 1 || r.Format != "ccload-csv" {
		t.Errorf("csv: %+v", r)
	}
}

// TestWhatIsWrongWithAFile: what cannot be used is told of, by line, and the
// rest is taken; what is no file changes nothing.
func TestWhatIsWrongWithAFile(t *testing.T) {
	t.Parallel()
	f := fake(t)
	d := openDesk(t, richToken+channelAt("declared", f))
	file := fmt.Sprintf(`{"ccload":1,"channels":[{"name":"good","urls":[{"url":%q}]},{"name":"declared","urls":[{"url":%q}]},{"name":"bad","urls":[{"url":"ftp://x"}]}],"tokens":[{"name":"nobody"}],"aliases":[{"name":"loop","models":["loop"]}]}`, f.URL, f.URL)
	r := d.importing("", file)
	if r.Added != 1 || len(r.Problems) != 4 {
		t.Errorf("%+v", r)
	}
	for _, p := range r.Problems {
		if p.Name == "" || p.Message == "" {
			t.Errorf("%+v", p)
		}
	}
	for _, text := range []string{"x", "{", "\x00\x01", `{"ccload":99}`, "a,b\n1,2\n", strings.Repeat("x", 1<<20)} {
		code, _, message := problem(t, d.api(http.MethodPost, "import", text).want(t, http.StatusBadRequest))
		if code != "invalid" || len(message) > 1000 {
			t.Errorf("%.20q: %s %s", text, code, message)
		}
	}
	// The original's CSV, with a byte order mark and a broken row.
	table := "\ufeffid,name,api_key,url,priority,models,model_redirects,channel_type,key_strategy,enabled\n" +
		"1,relay,sk-a-0123456789abcdef,https://a.example.com,10,claude-x,{},anthropic,sequential,true\n" +
		"2,broken,sk-b-0123456789abcdef,https://b.example.com,high,claude-x,{},anthropic,sequential,true\n"
	r = d.importing("name=channels.csv", table)
	if r.Format != "original-csv" || r.Added != 1 || len(r.Problems) != 1 || r.Problems[0].Line != 3 {
		t.Errorf("%+v", r)
	}
}

// TestFilesOfOtherSystems: what another system's file holds is served at once;
// a key that is a variable there is never looked up in the gateway's own
// environment, and its channel waits for one.
func TestFilesOfOtherSystems(t *testing.T) {
	f := fake(t)
	t.Setenv("ANTHROPIC_API_KEY", "sk-of-the-gateway's-own")
	d := openDesk(t, "")
	secret := data[struct{ Secret string }](t, d.api(http.MethodPost, "tokens", `{"name":"laptop"}`).want(t, http.StatusCreated)).Secret
	file := fmt.Sprintf(`model_list:
  - model_name: fast
    litellm_params: {model: anthropic/claude-haiku-4-5, api_base: %q, api_key: sk-0123456789abcdefgh}
  - model_name: later
    litellm_params: {model: anthropic/claude-sonnet-4-6, api_key: os.environ/ANTHROPIC_API_KEY}
`, f.URL)
	answer := d.api(http.MethodPost, "import?dry_run=true", file).want(t, http.StatusOK).Body
	if !strings.Contains(answer, "model_list[0] fast") || !strings.Contains(answer, "{env.ANTHROPIC_API_KEY}") || strings.Contains(answer, "sk-") {
		t.Errorf("dry run: %s", answer)
	}
	d.askModel(ai.Anthropic, "fast", false, as(secret)).want(t, http.StatusNotFound)
	if r := d.importing("", file); r.Format != "litellm" || r.Added != 2 || len(r.Problems) > 0 {
		t.Errorf("import: %+v", r)
	}
	d.askModel(ai.Anthropic, "fast", false, as(secret)).want(t, http.StatusOK)
	if text := d.exporting("json").want(t, http.StatusOK).Body; strings.Contains(text, "gateway's-own") || !strings.Contains(text, `"disabled": true`) {
		t.Errorf("exported: %s", clipped(text))
	}
	text := d.api(http.MethodGet, "export?format=caddyfile", "").want(t, http.StatusOK).Body
	if !strings.Contains(text, "key {env.CCLOAD_KEY_ANTHROPIC_127_0_0_1_1}") || strings.Contains(text, "sk-") {
		t.Errorf("as a Caddyfile: %s", clipped(text))
	}
}
