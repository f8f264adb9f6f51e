package transfer_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/transfer"
)

// TestCodeRouterDatabase: from version 3 on claude-code-router keeps in a
// database what stood in config.json before.
func TestCodeRouterDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.sqlite")
	write := func(name, config string) {
		t.Helper()
		_ = os.Remove(path)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, statement := range []string{
			"CREATE TABLE app_config (key TEXT PRIMARY KEY, value_json TEXT NOT NULL, updated_at TEXT)",
			"CREATE TABLE api_keys (id TEXT, name TEXT, encrypted_key TEXT)",
		} {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.Exec("INSERT INTO app_config VALUES (?, ?, '')", name, config); err != nil {
			t.Fatal(err)
		}
	}
	write("default", `{"Providers":[{"name":"deepseek","api_base_url":"https://api.deepseek.com/chat/completions","api_key":"$DEEPSEEK_KEY","models":["deepseek-chat"]},
		{"name":"local","api_base_url":"http://127.0.0.1:11434/v1","api_key":"ollama","models":["qwen3"]}],
		"Router":{"default":"deepseek,deepseek-chat","fallback":{"mode":"models","models":["local,qwen3"],"retryCount":3}}}`)
	f, err := transfer.ReadPath(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if f.Format != transfer.FormatCodeRouter || len(f.Set.Channels) != 2 || len(f.Problems) > 0 || len(f.Set.Aliases) != 1 ||
		!slices.Equal(f.Set.Aliases[0].Models, []string{"deepseek,deepseek-chat", "local,qwen3"}) || f.Set.Channels[0].Keys[0].Secret != "{env.DEEPSEEK_KEY}" {
		t.Errorf("%+v", f)
	}
	for _, config := range []struct{ name, text string }{{"other", `{"Providers":[]}`}, {"default", `{"a":1}`}, {"default", `no JSON`}} {
		write(config.name, config.text)
		if _, err := transfer.ReadPath(t.Context(), path); err == nil || !strings.Contains(err.Error(), "claude-code-router") {
			t.Errorf("%v: %v", config, err)
		}
	}
}
