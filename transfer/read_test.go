package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/transfer"
)

func TestFormats(t *testing.T) {
	sqlite, err := os.ReadFile(database(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ data, want string }{
		"json":              {`{"ccload": 1}`, transfer.FormatJSON},
		"json, BOM":         {"\ufeff\r\n {\"ccload\": 1}", transfer.FormatJSON},
		"csv":               {"name,provider\n", transfer.FormatCSV},
		"csv, both's":       {"name,urls,models\na,https://a.example,m\n", transfer.FormatCSV},
		"csv, tabs":         {"Name\t URLs \na\thttps://a.example\n", transfer.FormatCSV},
		"original csv":      {"id,name,api_key,urls,models\n", transfer.FormatOriginalCSV},
		"original, aliases": {"Name,API Key,url,Model(s)\n", transfer.FormatOriginalCSV},
		"sqlite":            {string(sqlite), transfer.FormatOriginalSQLite},
		"nothing":           {"", "! empty"},
		"spaces":            {"\ufeff\n \n", "! empty"},
		"array":             {"[]", "! none of the formats"},
		"other json":        {`{"channels": []}`, "! none of the formats"},
		"newer":             {`{"channels": [{"future": 1}], "ccload": 2}`, "! newer program"},
		"version":           {`{"ccload": "1"}`, "! must be 1"},
		"text":              {"Dear sir,\nI send you", "! none of the formats"},
		"unclosed":          {"name,\"prov\n", "! none of the formats"},
		"column":            {"name,provider,prioritty\n", `! line 1: the column "prioritty" is not known; did you mean "priority"?`},
		"column twice":      {"name,provider,provider\n", `! the column "provider" stands there twice`},
		"original twice":    {"name,api_key,apikey\n", `! the column "api_key" stands there twice`},
		"utf-16":            {"\xff\xfen\x00a\x00m\x00e\x00", "! not UTF-8"},
		"latin-1":           {"name,provider\nM\xfcller,openai\n", "! not UTF-8"},
		"half a json":       {"{\n\"ccload\": 1,\n", "! line 3: it is no valid JSON"},
		"bad json":          {"{\n\"ccload\": 1,,\n}", "! line 2: it is no valid JSON"},
		"unknown list":      {"{\"ccload\": 1,\n \"chanels\": []}", `! line 2: "chanels" is not known; did you mean "channels"?`},
		"list twice":        {`{"ccload": 1, "tokens": [], "tokens": []}`, `! "tokens" stands there twice`},
		"no list":           {`{"ccload": 1, "tokens": {}}`, "! tokens must be a list"},
		"deep":              {`{"ccload": 1, "tokens": ` + strings.Repeat("[", 1<<20), "! no valid JSON"},
		"large":             {strings.Repeat("x", transfer.MaxBytes+1), "! more than 32 MiB"},
		"half a database":   {string(sqlite[:5000]), "! damaged"},
		"header alone":      {"SQLite format 3\x00", "! not an SQLite database"},
		"many":              {`{"ccload": 1, "tokens": [` + strings.Repeat("1,", transfer.MaxRows) + `1]}`, "! more than 20000"},
		"many rows":         {"name,provider\n" + strings.Repeat("a,b\n", transfer.MaxRows+1), "! more than 20000 rows"},
		"many broken":       {"name,provider\n" + strings.Repeat("a\"b,c\n", 60), "! more than 50 rows are broken"},
	} {
		f, err := transfer.Read(t.Context(), "/some/where/the file.txt", []byte(test.data))
		if problem, fails := strings.CutPrefix(test.want, "! "); fails {
			if err == nil || f != nil || !strings.Contains(err.Error(), problem) || !strings.HasPrefix(err.Error(), `reading "the file.txt": `) {
				t.Errorf("%s: got %v, want %q", name, err, problem)
			}
		} else if err != nil || f.Format != test.want || len(f.Problems) > 0 && name != "sqlite" {
			t.Errorf("%s: got %+v, %v, want %s", name, f, err, test.want)
		}
	}
}

// problems are those of a file, one a line.
func problems(t *testing.T, data string) (*transfer.File, string) {
	t.Helper()
	f, err := transfer.Read(t.Context(), "x", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range f.Problems {
		fmt.Fprintf(&b, "%d %s|%s|%s\n", p.Line, p.Name, p.Field, p.Message)
	}
	return f, b.String()
}

func TestProblemsOfJSON(t *testing.T) {
	const good = `{"name": "good", "provider": "openai", "keys": [{"secret": "sk-good"}]}`
	for item, want := range map[string]string{
		`{"name": "a", "rpm": "many"}`:                           `2 a|channels[1].rpm|channels[1].rpm: must be a whole number`,
		"{\"name\": \"a\",\n\"tpm\": 1.5}":                       `3 a|channels[1].tpm|channels[1].tpm: must be a whole number`,
		`{"name": "a", "prio": 1}`:                               `2 a|channels[1]|channels[1]: "prio" is not known; did you mean "priority"?`,
		`{"name": "a", "Priority": 1}`:                           `2 a|channels[1]|channels[1]: "Priority" is not known; did you mean "priority"?`,
		`{"name": "a", "sk-SECRET-1": 1}`:                        `2 a|channels[1]|channels[1]: a name that is not shown is not known`,
		`{"name": "a", "rpm": 1, "rpm": 2}`:                      `2 a|channels[1].rpm|channels[1].rpm: stands there twice: keep one of them`,
		`{"name": "a", "keys": [5]}`:                             `2 a|channels[1].keys[0]|channels[1].keys[0]: must be an object`,
		`{"name": "a", "key": "sk-SECRET", "keys": ["b"]}`:       `2 a|key|channel "a": key: key and keys are the same setting, and both are given: keep one of them`,
		`{"name": "a", "keys": [{"secret": "b", "key": "c"}]}`:   `2 a|keys|channel "a": keys #1: key and secret are the same, and both are given: keep one of them`,
		`{"name": "a", "keys": [{"secret": "x", "note": 1}]}`:    `2 a|channels[1].keys[0].note|channels[1].keys[0].note: must be a text`,
		`{"name": "a", "hours": {"from": 8}}`:                    `2 a|channels[1].hours.from|channels[1].hours.from: must be a text`,
		`{"name": "a", "health_check": {"interval": "SECRET"}}`:  `2 a|channels[1].health_check.interval|channels[1].health_check.interval: must be a duration such as "5m"`,
		`{"name": "a", "header_up": {"set": {"X-A": "SECRET"}}}`: `2 a|channels[1].header_up.set.*|channels[1].header_up.set.*: must be a list`,
		`{"name": "a", "urls": [{"url": "x", "exact": true}]}`:   `2 a|channels[1].urls[0]|channels[1].urls[0]: "exact" is not known`,
		`[]`:                                  `2 |channels[1]|channels[1]: must be an object`,
		`null`:                                `2 |channels[1]|channels[1]: must be an object`,
		`{"name": 5}`:                         `2 |channels[1].name|channels[1].name: must be a text`,
		`{"name": "a"}`:                       `2 a||channel "a": has no address`,
		`{"provider": "openai"}`:              `2 |name|channel: name of channels[1] (openai): is missing`,
		`{"name": "a", "provider": "openai"}`: `2 a|provider|channel "a": provider openai: wants a key`,
		`{"name": "a", "provider": "opnai"}`:  `2 a|provider|channel "a": provider "opnai": is not known; did you mean "openai"?`,
		`{"name": "a", "provider": "openai", "keys": [{}]}`:                                                       `2 a|keys|channel "a": keys #1: has neither a secret nor a fingerprint`,
		`{"name": "a", "provider": "openai", "keys": [{"secret":"SEC RET"}]}`:                                     `2 a|keys|channel "a": keys #1: holds a space`,
		`{"name": "a", "provider": "openai", "keys": [{"fingerprint":"sk-SECRET"}]}`:                              `2 a|keys|channel "a": keys #1: fingerprint: must be 16`,
		`{"name": "a", "provider": "openai", "keys": [{"fingerprint":"0123456789abcdef","last_four":"SECRET"}]}`:  `2 a|keys|channel "a": keys #1: last_four: must be`,
		`{"name": "a", "provider": "openai", "keys": [{"secret":"sk-1"},{"secret":"sk-1"}]}`:                      `2 a|keys|channel "a": keys #2: is the same as #1`,
		`{"name": "a", "urls": [{"url": "https://h.example/sk-SECRET-1 x"}], "keys": [{"secret":"sk-SECRET-1"}]}`: `2 a|urls|channel "a": urls "https://h.example/… x": must not hold spaces`,
		`{"name": "a", "provider": "openai", "proxy": "http://SECRET\n{x}", "keys": [{"secret":"sk-1"}]}`:         `2 a|proxy|channel "a": proxy: must not hold line breaks`,
		`{"name": "good", "provider": "openai", "keys": [{"secret": "sk-good"}]}`:                                 `2 good|name|channel "good": stands there twice (lines 1 and 2): give each a name`,
		`{"name": "a", "models": ["` + strings.Repeat("m", transfer.MaxCell+1) + `"]}`:                            `2 a|channels[1].models[0]|channels[1].models[0]: must be at most 1048576 bytes`,
		`{"name": "a", "body_set": [{"path": "x", "value": "` + strings.Repeat("m", transfer.MaxCell) + `"}]}`:    `2 a|channels[1].body_set[0].value|channels[1].body_set[0].value: must be at most 1048576 bytes`,
		`{"name": "a", "priority": 1e3, "daily_budget": true}`:                                                    `2 a|channels[1].priority|channels[1].priority: must be a whole number`,
	} {
		f, got := problems(t, `{"ccload": 1, "channels": [`+good+",\n"+item+", "+strings.Replace(good, "good", "last", 1)+`]}`)
		if !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 1 || strings.Contains(got, "SECRET") {
			t.Errorf("%s\ngot  %swant %s", item, got, want)
		}
		if len(f.Set.Channels) != 2 || f.Set.Channels[1].Name != "last" {
			t.Errorf("%s: the others were not read: %+v", item, f.Set.Channels)
		}
	}
}

func TestTokensAndAliasesOfJSON(t *testing.T) {
	f, got := problems(t, `{"ccload": 1, "tokens": [
		{"name": "a", "secret": "SECRET-long-enough-9f3c"},
		{"name": "b", "secret": "SECRET"},
		{"name": "c", "secret": "{env.SECRET_TOKEN}"},
		{"name": "d", "secret": "SECRET-long-enough-9f3c"},
		{"name": "e", "secret_sha256": "SECRET"},
		{"name": "f"},
		{"name": "anonymous"},
		{"name": "g", "last_four": "SECRET", "secret_sha256": "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"},
		{"name": "f", "disabled": true},
		{"name": "h", "budget": {"week": 1}}
	], "aliases": [{"name": "x", "models": ["m"]}, {"name": "y"}, {"name": "x", "models": ["n"]}]}`)
	want := `3 b|secret|token "b": secret: must have 16 to 512 characters; openssl rand -hex 24 makes one
4 c|secret|token "c": secret: holds a placeholder, which is not replaced in a file: write the secret, or secret_sha256
5 d|secret|token "d": secret: is that of the token "a" too: give each its own
6 e|secret_sha256|token "e": secret_sha256: must be 64 hexadecimal digits in lower case; printf %s SECRET | sha256sum makes them
9 g|last_four|token "g": last_four: must be at most four characters
10 f|name|token "f": stands there twice (lines 7 and 10): give each a name of its own, or remove one
11 h|tokens[9].budget|tokens[9].budget: "week" is not known: there are day, month, total
12 y|models|alias "y": models: is missing: name the models it stands for, in order
12 x|name|alias "x": stands there twice (lines 12 and 12): give each a name of its own, or remove one
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if len(f.Set.Tokens) != 3 || len(f.Set.Aliases) != 1 {
		t.Fatalf("got %+v", f.Set)
	}
	a := f.Set.Tokens[0]
	if a.Secret != "" || a.SecretHash != config.HashSecret("SECRET-long-enough-9f3c") || a.LastFour != "9f3c" {
		t.Errorf("got %+v", a)
	}
}

func TestProblemsOfCSV(t *testing.T) {
	f, got := problems(t, strings.Join([]string{
		"name,provider,keys,urls,priority,disabled,cost_multiplier,hours,models",
		`good,openai,"sk-1, sk-2"` + ",,5,TRUE,0,\"{\"\"from\"\":\"\"08:00\"\",\n\"\"to\"\":\"\"20:00\"\"}\",\"gpt-5\ngpt-5-mini,\"",
		`number,openai,sk-SECRET,,five,,,,`,
		``,
		`switch,openai,sk-SECRET,,,yes,,,`,
		`broken,openai,sk-SECRET,,"5"x,,,,`,
		`object,openai,sk-SECRET,,,,,"{""from"": 8}",`,
		`json,openai,"[""sk-SECRET""",,,,,,`,
		`short,openai,sk-SECRET`,
		`key,openai,"[{""secret"":""sk-SECRET"",""colour"":1}]",,,,,,`,
		`good,openai,sk-SECRET,,,,,,`,
		`open,openai,"sk-SECRET,,,,,,`,
		`mixed,,,"[""https://a.example"",{""url"":""https://b.example"",""protocols"":[""openai""]}]",'-3,,,,,`,
		`,,,,,,,,`,
		`multiplier,openai,sk-SECRET,,,,NaN,,`,
	}, "\r\n"))
	want := `5 number|priority|priority: must be a whole number
7 switch|disabled|disabled: must be true or false
8 ||a quoted cell does not end where it should: a quote inside it is written twice, and after its end stands a separator
9 object|hours.from|hours.from: must be a text
10 json|keys|keys: is no valid JSON
11 ||has 3 cells, and there are 9 columns
12 key|keys[0]|keys[0]: "colour" is not known: there are disabled, fingerprint, last_four, note, secret
13 good|name|channel "good": stands there twice (lines 2 and 13): give each a name of its own, or remove one
14 ||a quoted cell does not end where it should: a quote inside it is written twice, and after its end stands a separator
17 multiplier|cost_multiplier|channel "multiplier": cost_multiplier: must be 0 to 1000
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if len(f.Set.Channels) != 2 {
		t.Fatalf("got %+v", f.Set.Channels)
	}
	good, mixed := f.Set.Channels[0], f.Set.Channels[1]
	if len(good.Keys) != 2 || good.Keys[1].Secret != "sk-2" || !good.Disabled || *good.CostMultiplier != 0 || good.Hours.To != "20:00" ||
		strings.Join(good.Models, "|") != "gpt-5|gpt-5-mini" {
		t.Errorf("got %+v", good)
	}
	if mixed.Priority != -3 || len(mixed.URLs) != 2 || mixed.URLs[1].Protocols[0] != "openai" {
		t.Errorf("got %+v", mixed)
	}
}

func TestLargeCell(t *testing.T) {
	f, got := problems(t, "name,provider,models,keys\na,openai,"+strings.Repeat("m", transfer.MaxCell+1)+",k\nb,openai,,k\n")
	if !strings.HasPrefix(got, "2 ||a cell has more than 1048576 bytes") || len(f.Set.Channels) != 1 {
		t.Errorf("got %s%+v", got, f.Set)
	}
}

// TestUnclosedQuoteIsQuick: behind each broken row the text is read anew.
func TestUnclosedQuoteIsQuick(t *testing.T) {
	data := "name,provider\n" + strings.Repeat("a,\"b\nc,d\n", 400_000)
	began := time.Now()
	_, err := transfer.Read(t.Context(), "x", []byte(data))
	if err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

func TestReadPathRefuses(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.csv")
	if err := os.WriteFile(large, make([]byte, transfer.MaxBytes+10), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.csv"): `reading "none.csv": no such file or directory`,
		dir:                            "is a directory",
		large:                          "more than 32 MiB",
	} {
		if _, err := transfer.ReadPath(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

// TestNothingIsLeftBehind of a database that was read from memory.
func TestNothingIsLeftBehind(t *testing.T) {
	data, err := os.ReadFile(database(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, d := range [][]byte{data, data[:5000]} {
		_, err := transfer.Read(t.Context(), "x.db", d)
		if err != nil && strings.Contains(err.Error(), dir) {
			t.Errorf("the error tells a path nobody knows: %v", err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	db, err := os.ReadFile(database(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{`{"ccload":1,"tokens":[{}]}`, "name,provider\na,b\n", string(db)} {
		if _, err := transfer.Read(ctx, "x", []byte(data)); !errors.Is(err, context.Canceled) {
			t.Errorf("%.20q: %v", data, err)
		}
	}
}
