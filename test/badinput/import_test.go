package badinput

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

const served = "ccload {\nadmin_password " + password + "\nencryption_key the-key-of-this-test\n}"

// bomb is a text in which ten anchors stand for ten times the one before each.
func bomb() string {
	var b strings.Builder
	b.WriteString("model_list:\n  - &a0 {model_name: a, litellm_params: {model: openai/a, api_key: " + secret + "}}\n")
	for i := 1; i <= 10; i++ {
		fmt.Fprintf(&b, "x%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	return b.String()
}

func utf16Text(s string) string {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// TestImport: what a file may be, with what is told of it. Nothing of a file
// that is refused is taken, nor of one that is taken more than is said.
func TestImport(t *testing.T) {
	g := start(t, served, "ccload\nccload_admin")
	const ours = `{"ccload":1,"channels":[{"name":"%s","provider":"openai","keys":[{"secret":"` + secret + `"}]}]}`
	litellm := "model_list:\n  - model_name: a\n    litellm_params: {model: openai/a, api_key: " + secret + "}\n"
	channel := func(rest string) string {
		return `{"ccload":1,"channels":[{"name":"c","provider":"openai","key":"` + secret + `"` + rest + `}]}`
	}
	for _, c := range []struct {
		name, file, text string
		taken            bool // some of it
		want             []string
	}{
		{"empty", "a.json", "", false, []string{`reading "a.json": it is empty`}},
		{"only spaces", "a.yaml", " \r\n\t", false, []string{"it is empty"}},
		{"no format", "a.txt", "Dear diary", false, []string{"none of the formats that can be read"}},
		{"UTF-16", "a.yaml", utf16Text(litellm), false, []string{"not UTF-8 text", "save it as UTF-8"}},
		{"broken JSON", "a.json", "{\n\"ccload\": 1,\n\"channels\": [,]}", false, []string{"line 3", "no valid JSON"}},
		{"JSON cut short", "a.json", `{"ccload":1,"channels":[{"name":"` + secret, false, []string{"no valid JSON"}},
		{"duplicate keys of the file", "a.json", `{"ccload":1,"channels":[],"channels":[]}`, false, []string{"line 1", `"channels" stands there twice`}},
		{"duplicate keys of a channel", "a.json", channel(`,"rpm":1,"rpm":2`), false, []string{"channels[0].rpm: stands there twice"}},
		{"key and keys", "a.json", channel(`,"keys":[]`), false, []string{`channel "c": key: key and keys are the same setting`}},
		{"unknown option", "a.json", channel(`,"wieght":2`), false, []string{`"wieght" is not known; did you mean "weight"?`}},
		{"unknown list", "a.json", `{"ccload":1,"chanels":[]}`, false, []string{`"chanels" is not known; did you mean "channels"?`}},
		{"newer version", "a.json", `{"ccload":2}`, false, []string{"version", "newer program"}},
		{"NaN", "a.json", channel(`,"daily_budget":NaN`), false, []string{"no valid JSON"}},
		{"text for a number", "a.json", channel(`,"daily_budget":"NaN"`), false, []string{"daily_budget: must be a number"}},
		{"negative", "a.json", channel(`,"weight":-1`), false, []string{"weight -1: must be 0 to 10000"}},
		{"huge", "a.json", channel(`,"weight":1e400`), false, []string{"weight: must be a whole number"}},
		{"huge budget", "a.json", channel(`,"daily_budget":1e300`), false, []string{"daily_budget"}},
		{"no duration", "a.json", channel(`,"health_check":{"interval":"soon"}`), false, []string{`health_check.interval: must be a duration such as "5m"`}},
		{"nameless", "a.json", `{"ccload":1,"channels":[{"urls":[{"url":"https://relay.example"}]}]}`, false, []string{"channel: name of channels[0]", "https://relay.example", "is missing"}},
		{"nameless in CSV", "a.csv", "name,url,key\n,https://relay.example," + secret + "\n", false, []string{"line 2", "channel: name of a channel", "https://relay.example", "is missing"}},
		{"key with a line break", "a.json", `{"ccload":1,"channels":[{"name":"c","provider":"openai","key":"` + secret + `\nx"}]}`, false, []string{`channel "c": keys #1`, "line break", "copied whole"}},
		{"key with a space", "a.csv", "name,provider,key\nc,openai," + secret + " x\n", false, []string{`channel "c": keys #1`, "space"}},
		{"name with a line break", "a.json", `{"ccload":1,"channels":[{"name":"a\nb","provider":"openai","key":"` + secret + `"}]}`, false, []string{"name", "line breaks"}},
		{"name of dots", "a.json", fmt.Sprintf(ours, ".."), false, []string{"must not be . or .."}},
		{"billion laughs", "a.yaml", bomb(), false, []string{"expands to more than", "anchors that refer to each other"}},
		{"anchor in itself", "a.yaml", "model_list: &a [*a]\n", false, []string{"a.yaml"}},
		{"deep YAML", "a.yaml", "model_list: " + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "\n", false, []string{"a.yaml"}},
		{"deep JSON", "a.json", `{"ccload":1,"channels":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}", false, []string{"no valid JSON"}},
		{"scalar of many MiB", "a.yaml", "model_list:\n  - model_name: " + strings.Repeat("a", 7<<20) + "\n", false, []string{"line 2", "more than 1048576 bytes"}},
		{"YAML of 100 MB", "a.yaml", "model_list:\n  - model_name: " + strings.Repeat("a", 100<<20) + "\n", false, []string{"more than 32 MiB"}},
		{"tabs in YAML", "a.yaml", "model_list:\n\t- model_name: a\n", false, []string{"no valid YAML", "near line"}},
		{"two YAML documents", "a.yaml", litellm + "---\n" + litellm, false, []string{"more than one YAML document"}},
		{"duplicate keys of YAML", "a.yaml", litellm + litellm, false, []string{"stands there twice"}},

		{"BOM", "a.yaml", "\ufeff" + litellm, true, []string{"1 new"}},
		{"CRLF", "b.yaml", strings.ReplaceAll(litellm, "\n", "\r\n"), true, []string{"1 the same"}},
		{"one bad of two", "c.json", `{"ccload":1,"channels":[{"name":"good","url":"https://a.example","key":"` + secret + `"},{"name":"good","provider":"openai","key":"k"}]}`, true, []string{`channel "good": stands there twice`, "1 new"}},
		{"key in quotes", "d.json", `{"ccload":1,"channels":[{"name":"quoted","provider":"openai","key":"\"` + secret + `\""}]}`, true, []string{"1 new"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := g.stored()
			path := filepath.Join(t.TempDir(), c.file)
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			output, code := g.cli("import", path)
			t.Logf("%v: %s", time.Since(begun).Round(time.Millisecond), clip(output))
			clean(t, output)
			for _, want := range c.want {
				if !strings.Contains(output, want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if !c.taken && code == 0 {
				t.Error("it ends with 0")
			}
			if !c.taken && g.stored() != before {
				t.Errorf("something was taken:\n%s", g.stored())
			}
		})
	}
	for name, path := range map[string]string{"folder": g.dir, "no file": filepath.Join(g.dir, "nobody"), "link to nothing": filepath.Join(g.dir, "link"), "no file, as a Caddyfile": "--to-caddyfile"} {
		if name == "link to nothing" {
			if err := os.Symlink("nowhere", path); err != nil {
				t.Fatal(err)
			}
		}
		args := []string{"import", path}
		if path == "--to-caddyfile" {
			args = []string{"import", path, g.dir}
		}
		output, code := g.cli(args...)
		clean(t, output)
		if code == 0 || !strings.Contains(output, "no such file") && !strings.Contains(output, "is a directory") {
			t.Errorf("%s: %d %s", name, code, clip(output))
		}
	}
	clean(t, g.log.String())
}

// TestThousandsOfChannels: a file of 6,000 channels is taken at once, and one
// with hundreds of mistakes in it too.
func TestThousandsOfChannels(t *testing.T) {
	t.Parallel()
	g := start(t, served, "ccload\nccload_admin")
	file := func(n int, bad bool) string {
		var b strings.Builder
		b.WriteString(`{"ccload":1,"channels":[`)
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			// What is wrong is known only beside what is stored and declared.
			url := "https://relay.example"
			if bad && i%20 == 0 {
				url = "http://169.254.169.254"
			}
			fmt.Fprintf(&b, `{"name":"channel %d","url":%q,"key":"sk-%d-0123456789","models":["m%d","gpt-5"]}`, i, url, i, i%50)
		}
		b.WriteString("]}")
		path := filepath.Join(t.TempDir(), "many.json")
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	begun := time.Now()
	output, code := g.cli("import", file(6000, false))
	t.Logf("6,000 channels in %v", time.Since(begun).Round(10*time.Millisecond))
	if code != 0 || !strings.Contains(output, "6000 new") {
		t.Errorf("%d: %s", code, clip(output))
	}
	begun = time.Now()
	output, code = g.cli("import", file(6000, true))
	t.Logf("with 300 mistakes in %v", time.Since(begun).Round(10*time.Millisecond))
	if code == 0 || !strings.Contains(output, "300 things of the file cannot be used") {
		t.Errorf("%d: %s", code, clip(output))
	}
	if status, _ := g.do(http.MethodGet, "http://"+g.admin+"/ccload/status", ""); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
}
