package badinput

import (
	"database/sql"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/ccload/ccload/test/binary"
)

// TestConfig: a config that cannot be used is refused by validate where nothing
// else is needed to know it, and else by run, in one message.
func TestConfig(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	const plain = "ccload"
	file := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	folder := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	options := func(lines string) string { return "ccload {\n" + lines + "\n}" }
	key := "key " + secret
	for _, c := range []struct {
		name    string
		options string
		site    string // "" is plain
		prepare func(t *testing.T, dir string)
		env     []string
		run     bool // only the start can know
		want    []string
	}{
		{name: "prices file that is missing", options: options("prices missing.csv"), want: []string{"prices", "missing.csv", "no such file", "give the file there"}},
		{name: "prices file that is a folder", options: options("prices folder"), prepare: folder("folder"), want: []string{"prices", "folder", "is a folder"}},
		{name: "prices file that is broken", options: options("prices broken.csv"), prepare: file("broken.csv", "model,input\n\"x"), want: []string{"prices", "broken.csv"}},
		{name: "prices file by a variable that is not set", options: options("prices {env.CCLOAD_TEST_NONE}"), want: []string{"prices", "{env.CCLOAD_TEST_NONE}"}},
		{name: "encryption key by a variable that is not set", options: options("encryption_key {env.CCLOAD_TEST_NONE}"), want: []string{"encryption_key #1 is empty", "{env.CCLOAD_TEST_NONE}"}},
		{name: "encryption key by a variable that is empty", options: options("encryption_key {env.CCLOAD_TEST_EMPTY}"), env: []string{"CCLOAD_TEST_EMPTY= "}, want: []string{"encryption_key #1 is empty", "{env.CCLOAD_TEST_EMPTY}"}},
		{name: "second encryption key by a file that is missing", options: options("encryption_key the-key-of-this-test {file.missing-key}"), want: []string{"encryption_key #2 is empty", "{file.missing-key}"}},
		{name: "encryption key that is short", options: options("encryption_key short"), want: []string{"encryption_key #1", "16"}},
		{name: "placeholder without its end", options: options("encryption_key {env.NONE"), want: []string{"encryption_key", "closing brace"}},
		{name: "admin password that is short", options: options("admin_password short"), want: []string{"password", "8"}},
		{name: "admin password file that is a folder", options: options("admin_password_file " + "{$PWD_OF_TEST}/folder"), prepare: folder("folder"), want: []string{"folder"}},
		{name: "unknown option", options: options("retension 30d"), want: []string{"retension", `did you mean "retention"?`, "Caddyfile:6"}},
		{name: "unknown option of a channel", options: options("channel a openai {\nkeys x\n}"), want: []string{"keys", `did you mean "key"?`}},
		{name: "unknown option of a site", site: "ccload {\nmax_boddy 5\n}", want: []string{"max_boddy", `did you mean "max_body"?`}},
		{name: "unknown provider", options: options("channel a opneai {\n" + key + "\n}"), want: []string{"opneai", `did you mean "openai"?`}},
		{name: "unknown store", options: options("store sqllite"), want: []string{"sqllite", `did you mean "sqlite"?`}},
		{name: "two channels of a name", options: options("channel a openai k1\nchannel a openai k2"), want: []string{`channel "a"`, "another channel of this name", "Caddyfile:6"}},
		{name: "two tokens of a name", options: options("token a 0123456789abcdef\ntoken a 0123456789abcdeg"), want: []string{`token "a"`, "another token of this name"}},
		{name: "option in two blocks", options: "ccload {\ntime_zone UTC\n}\nccload {\ntime_zone Europe/Berlin\n}", want: []string{"time_zone", "given in an earlier ccload block already", "keep one of them"}},
		{name: "key with a space", options: options("channel a openai \"" + secret + " x\""), want: []string{`channel "a"`, "key", "space", "copied whole"}},
		{name: "key with a line break", options: options("channel a openai \"" + secret + "\nx\""), want: []string{`channel "a"`, "key", "line break"}},
		{name: "negative number", options: options("channel a openai " + secret + " {\nrpm -1\n}"), want: []string{`channel "a"`, "rpm", "0 to"}},
		{name: "no number", options: options("channel a openai " + secret + " {\ndaily_budget NaN\n}"), want: []string{"daily_budget", "US dollars"}},
		{name: "number that is too large", options: options("channel a openai " + secret + " {\nweight 99999999999999999999\n}"), want: []string{"weight", "0 to 10000"}},
		{name: "size that is too large", site: "ccload {\nmax_body 99999999999999999999GiB\n}", want: []string{"max_body", "size such as"}},
		{name: "retention under an hour", options: options("retention 59m"), want: []string{"retention", "59m", "at least 1h"}},
		{name: "empty Caddyfile option", options: options("channel"), want: []string{"channel", "takes a name"}},
		{name: "DSN that is none", options: options("store mysql " + secret), want: []string{"mysql"}},
		{name: "data folder that is a file", options: "", prepare: file("caddy", "x"), run: true, want: []string{"caddy/ccload", "not a directory", "choose another path"}},
		{name: "store in a folder that is none", options: options("store sqlite file/ccload.db"), prepare: file("file", "x"), run: true, want: []string{"file/ccload.db", "not a directory", "choose another path"}},
		{name: "store that is a folder", options: options("store sqlite folder"), prepare: folder("folder"), run: true, want: []string{"folder"}},
		{name: "store that is no database", options: options("store sqlite diary.db"), prepare: file("diary.db", strings.Repeat("Dear diary, today ", 1000)), run: true, want: []string{"diary.db", "not a database"}},
		{name: "port in use", options: "http_port 1", site: plain + "\n}\nhttp://" + taken.Addr().String() + " {\nbind 127.0.0.1\n" + plain, run: true, want: []string{"address already in use", taken.Addr().String()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if c.prepare != nil {
				c.prepare(t, dir)
			}
			if c.site == "" {
				c.site = plain
			}
			env := []string{"PWD_OF_TEST=" + dir}
			env = append(env, c.env...)
			path := write(t, dir, c.options, c.site, binary.FreeAddress(t), binary.FreeAddress(t))
			verb := "validate"
			if c.run {
				verb = "run"
			}
			output, code := run(t, dir, env, verb, "--config", path, "--adapter", "caddyfile")
			clean(t, output)
			if code == 0 {
				t.Errorf("%s ends with 0", verb)
			}
			var last string
			for line := range strings.Lines(output) {
				var said struct{ Level, Msg string }
				if json.Unmarshal([]byte(line), &said) == nil && said.Level == "error" {
					last = said.Msg
				} else if strings.HasPrefix(line, "Error:") {
					last = line
				}
			}
			for _, want := range c.want {
				if !strings.Contains(last, want) {
					t.Errorf("the message has no %q:\n%s", want, clip(output))
				}
			}
		})
	}
}

// TestNewerDatabase: a database of a newer version is refused and not changed.
func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	g := start(t, "ccload {\nstore sqlite ccload.db\n}", "ccload")
	g.end()
	path := filepath.Join(g.dir, "ccload.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO schema_migrations VALUES (99, 'the_future', 0)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	before, _ := os.ReadFile(path)
	output, code := run(t, g.dir, nil, "run", "--config", filepath.Join(g.dir, "Caddyfile"), "--adapter", "caddyfile")
	clean(t, output)
	for _, want := range []string{"newer version of ccload", "version 99", "start the newer version again", "ccload.db"} {
		if !strings.Contains(output, want) {
			t.Errorf("the message has no %q:\n%s", want, clip(output))
		}
	}
	if after, _ := os.ReadFile(path); code == 0 || string(before) != string(after) {
		t.Errorf("ends with %d, changed: %t", code, string(before) != string(after))
	}
}

// TestWarnings: what is hardly meant is told of once, and the gateway serves.
func TestWarnings(t *testing.T) {
	t.Parallel()
	g := start(t, `ccload {
		token old 0123456789abcdef {
			expires 2020-01-01
		}
		token empty {env.CCLOAD_TEST_NONE}
		channel none openai {env.CCLOAD_TEST_NONE_EITHER}
		channel quoted openai {env.CCLOAD_TEST_QUOTED}
	}
	ccload {
		time_zone UTC
	}`, "ccload\nccload\nccload_admin\nccload_admin /ccload/*", `CCLOAD_TEST_QUOTED="`+secret+`"`)
	for _, want := range [][]string{
		{"ccload_admin is served, but there is no admin password", "admin_password_file"},
		{`token \"old\" has expired (2020-01-01)`},
		{`token \"empty\" is left out`, "{env.CCLOAD_TEST_NONE}"},
		{"{env.CCLOAD_TEST_NONE_EITHER} is empty"},
		{`channel \"quoted\"`, "quotes"},
		{"the global option ccload stands there again", "both count", "Caddyfile:13"},
		{"ccload stands twice in a site: the first serves"},
		{"ccload_admin stands twice in a site: the first serves"},
	} {
		found := 0
		deadline := time.Now().Add(10 * time.Second)
		for found == 0 && time.Now().Before(deadline) { // the log is written by another process
			for line := range strings.Lines(g.log.String()) {
				all := true
				for _, w := range want {
					all = all && strings.Contains(line, w)
				}
				if all {
					found++
				}
			}
			if found == 0 {
				time.Sleep(20 * time.Millisecond)
			}
		}
		if found != 1 {
			t.Errorf("%q is told %d times", want, found)
		}
	}
	if t.Failed() {
		t.Log(clip(g.log.String()))
	}
	clean(t, g.log.String())
}
