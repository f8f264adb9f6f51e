package transfer_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/transfer"
)

// systemFiles are files of other systems, made by hand after their
// documentation, and what they are recognised as.
var systemFiles = map[string]string{
	"litellm.yaml": transfer.FormatLiteLLM, "new-api.json": transfer.FormatNewAPI, "one-api.json": transfer.FormatOneAPI,
	"new-api.sql": transfer.FormatNewAPISQLite, "gpt-load.json": transfer.FormatGPTLoad, "cliproxyapi.yaml": transfer.FormatCLIProxyAPI,
	"claude-code-router.json": transfer.FormatCodeRouter, "portkey.json": transfer.FormatPortkey,
}

// scripted makes an SQLite file of a script.
func scripted(t testing.TB, script string) string {
	t.Helper()
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "one-api.db")
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(string(text))
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func systemFile(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("testdata", "systems", name)
	if strings.HasSuffix(name, ".sql") {
		return scripted(t, path)
	}
	return path
}

// TestSystems compares what becomes of each file with what a person found
// right, the lines and the Caddyfile.
func TestSystems(t *testing.T) {
	for name, format := range systemFiles {
		t.Run(name, func(t *testing.T) {
			f, err := transfer.ReadPath(t.Context(), systemFile(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if f.Format != format {
				t.Errorf("it is recognised as %s", f.Format)
			}
			var b strings.Builder
			for _, l := range f.Lines {
				fmt.Fprintf(&b, "line %d: %s -> %s", l.Line, l.From, l.Becomes)
				if l.Note != "" {
					fmt.Fprintf(&b, " (%s)", l.Note)
				}
				b.WriteByte('\n')
			}
			for _, n := range f.Notes {
				fmt.Fprintln(&b, "note:", n)
			}
			for _, p := range f.Problems {
				fmt.Fprintf(&b, "problem: line %d: %s\n", p.Line, p.Message)
			}
			if strings.Contains(b.String(), "SECRET") {
				t.Errorf("a secret is told:\n%s", b.String())
			}
			b.WriteString("\n")
			if unwritten, err := transfer.WriteCaddyfile(&b, &f.Set); err != nil || unwritten > 0 {
				t.Errorf("%d unwritten, %v", unwritten, err)
			}
			golden := filepath.Join("testdata", "systems", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("differs from %s; if that is wanted, run with -update\n%s", golden, b.String())
			}
			sameAsCaddyfile(t, &f.Set)
		})
	}
}

// TestStoredWithoutPlaceholders: what is to be stored holds no placeholder, and
// says where one was.
func TestStoredWithoutPlaceholders(t *testing.T) {
	f, err := transfer.ReadPath(t.Context(), systemFile(t, "litellm.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	f.Resolve(func(name string) (string, bool) { return " value-of-" + name + "\n", name == "OPENAI_API_KEY" })
	f.Storable()
	found := make(map[string]transfer.Channel)
	for _, c := range f.Set.Channels {
		found[c.Name] = c
		for _, k := range c.Keys {
			if strings.Contains(k.Secret, "{env.") {
				t.Errorf("%s holds %s", c.Name, k.Secret)
			}
		}
	}
	if c := found["openai"]; len(c.Keys) != 1 || c.Keys[0].Secret != "value-of-OPENAI_API_KEY" || c.Disabled {
		t.Errorf("got %+v", c)
	}
	if c := found["anthropic"]; len(c.Keys) != 0 || !c.Disabled {
		t.Errorf("got %+v", c)
	}
	if last := f.Lines[len(f.Lines)-1]; !strings.Contains(last.Becomes, "{env.RELAY_KEY}") {
		t.Errorf("got %+v", last)
	}
}

// bomb is YAML whose anchors refer to each other.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [", i, i)
		b.WriteString(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9) + fmt.Sprintf("*a%d]\n", i-1))
	}
	return b.String() + "model_list: [*a11]\n"
}

func TestBadFiles(t *testing.T) {
	deep := strings.Repeat("[", 3000) + strings.Repeat("]", 3000)
	for name, test := range map[string]struct{ text, want string }{
		"bomb":           {bomb(), "expands to more than"},
		"self":           {"model_list: &a\n  - *a\n", "it"},
		"deep YAML":      {"model_list: " + deep, "more than 64 levels"},
		"deep JSON":      {`{"Providers": ` + deep + `}`, "more than 64 levels"},
		"broken YAML":    {"model_list:\n  - model_name: a\n   litellm_params: {", "no valid YAML: near line"},
		"broken JSON":    {`{"Providers": [}`, "no valid JSON"},
		"tabs":           {"model_list:\n\t- model_name: a\n", "no valid YAML"},
		"two documents":  {"model_list: []\n---\nmodel_list: []\n", "more than one YAML document"},
		"twice":          {"model_list: []\nmodel_list: []\n", "stands there twice"},
		"twice in JSON":  {`{"Providers": [], "Providers": []}`, "stands there twice"},
		"another system": {"services:\n  web: {}\n", "none of the formats"},
		"another JSON":   {`{"name": "package", "version": "1"}`, "none of the formats"},
		"a list":         {`[1, 2, 3]`, "none of the formats"},
		"large YAML":     {"model_list:\n" + strings.Repeat("# filled\n", 1<<20), "the most that a YAML file may have"},
		"no UTF-8":       {"model_list: \xff\n", "not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := transfer.Read(t.Context(), "x.yaml", []byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v", f, err)
			}
		})
	}
}

// TestThousandsOfChannels: a large file is read in full, duplicate names and
// all, in a time that grows with its size.
func TestThousandsOfChannels(t *testing.T) {
	const many = 6000
	var newAPI, litellm strings.Builder
	newAPI.WriteString(`{"data":[`)
	litellm.WriteString("model_list:\n")
	for i := range many {
		if i > 0 {
			newAPI.WriteByte(',')
		}
		fmt.Fprintf(&newAPI, `{"type":1,"key":"key-%d","name":"same","models":"m","base_url":"https://a%d.example","auto_ban":1}`, i, i)
		fmt.Fprintf(&litellm, "  - model_name: m%d\n    litellm_params: {model: openai/gpt-5, api_key: key-%d, api_base: 'https://a%d.example'}\n", i%7, i, i)
	}
	newAPI.WriteString("]}")
	for format, text := range map[string]string{transfer.FormatNewAPI: newAPI.String(), transfer.FormatLiteLLM: litellm.String()} {
		begin := time.Now()
		f, err := transfer.Read(t.Context(), "x", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		names := make(map[string]bool)
		for _, c := range f.Set.Channels {
			names[c.Name] = true
		}
		if len(names) != many || len(f.Problems) > 0 || len(f.Lines) < many {
			t.Errorf("%s: %d names, %d lines, problems %v", format, len(names), len(f.Lines), f.Problems)
		}
		t.Log(format, time.Since(begin))
	}
}

// TestOtherDatabases: an SQLite file of something else is refused with what is
// missing.
func TestOtherDatabases(t *testing.T) {
	for name, script := range map[string]string{
		"another": "CREATE TABLE things (id integer)",
		"columns": "CREATE TABLE channels (id integer, name text); INSERT INTO channels VALUES (1, 'x')",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "script.sql")
			if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := transfer.ReadPath(t.Context(), scripted(t, path)); err == nil || !strings.Contains(err.Error(), "neither the original") {
				t.Errorf("got %v", err)
			}
		})
	}
}
