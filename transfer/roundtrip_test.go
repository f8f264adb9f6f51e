package transfer_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/transfer"
)

// samples are values of settings that are checked, by their JSON path. Those of
// all others are made up from their types.
var samples = map[string]any{
	"provider": "openai", "auth": "bearer", "proxy": "socks5://user:pa,ss@127.0.0.1:1080", "protocols": []string{"openai", "responses"},
	"urls":       []config.URL{{URL: "https://a.example"}, {URL: "https://b.example/x#", Protocols: []string{"openai"}}},
	"hours.from": "08:00", "hours.to": "23:30", "hours.zone": "Europe/Berlin",
	"daily_budget": 0.1, "budget.day": 0.0, "cost_multiplier": 0.25,
	"body_set":              []config.BodyField{{Path: "a.b", Value: json.RawMessage(`{"x":[1,"<&>"],"n":12345678901234567890}`)}},
	"transport":             json.RawMessage(`{"protocol":"http"}`),
	"body_remove":           []string{"=c", "d,e"},
	"models":                []string{"gpt-5", "a, b", "-c*", "[d", "'=e"},
	"model_names":           map[string]string{"one": "two", "=x": "'y"},
	"cooldown_rules":        []config.CooldownRule{{Status: []int{429}, Body: `at (?P<reset>"[^"]+")`, Scope: "model", For: config.NewDuration(time.Minute), Layout: "2006-01-02", Zone: "Asia/Shanghai"}},
	"health_check.interval": config.NewDuration(time.Hour), "health_check.model": "gpt-5",
	"header_up.set": map[string][]string{"X-A": {"1", "2"}}, "header_up.add": map[string][]string{"X-B": {"=3"}}, "header_up.delete": []string{"X-C"},
	"header_up.replace": map[string][]config.HeaderReplacement{"X-D": {{SearchRegexp: "a+(b)", Replace: "$1"}}},
	"header_down.pass":  []string{"X-D-*"}, "header_down.set": map[string][]string{"X-A": {"1", "2"}}, "header_down.add": map[string][]string{"X-B": {"=3"}}, "header_down.delete": []string{"X-C"},
	"expires": "2027-01-31", "secret": "", "secret_file": "", "secret_sha256": strings.Repeat("ab", 32), "except_channels": []string(nil),
}

// fill sets every field of a struct to something that is not its zero value.
func fill(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() { // made of the others
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := strings.TrimPrefix(path+"."+name, ".")
		if sample, ok := samples[at]; ok && sample != nil {
			value := reflect.ValueOf(sample)
			target := v.Field(i)
			if target.Kind() == reflect.Pointer {
				target.Set(reflect.New(target.Type().Elem()))
				target = target.Elem()
			}
			target.Set(value.Convert(target.Type()))
			continue
		}
		fillValue(t, v.Field(i), at)
	}
}

func fillValue(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString("=a \"quoted\", strange; value of " + path)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(len(path)) + 3)
	case reflect.Int64:
		v.SetInt(90e9)
	case reflect.Float64:
		v.SetFloat(1.0 / 3)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(t, v.Elem(), path)
	case reflect.Struct:
		fill(t, v, path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillValue(t, v.Index(0), path)
	default:
		t.Fatalf("%s: write a sample of a %s", path, v.Type())
	}
}

func filled(t *testing.T) *transfer.Set {
	t.Helper()
	var s transfer.Set
	var ch transfer.Channel
	fill(t, reflect.ValueOf(&ch.Channel).Elem(), "")
	for f, v := range reflect.ValueOf(ch.Channel).Fields() {
		if f.IsExported() && v.IsZero() {
			t.Fatalf("%s is not filled", f.Name)
		}
	}
	ch.Channel.Keys = nil
	ch.TransportRaw = nil // only the config has one
	ch.Keys = []transfer.Key{key("sk-one,two"), key("{env.KEY}"), key("=sk-three-and-long-enough")}
	noted := key("sk-four")
	noted.Note, noted.Disabled = "line\none, \"two\"", true
	other := ch
	other.Name, other.CostMultiplier, other.Priority, other.Disabled = "-second", new(float64), -7, false
	other.Keys = append([]transfer.Key{noted}, ch.Keys...)
	least := transfer.Channel{Channel: config.Channel{Name: "'least", URLs: []config.URL{{URL: "https://a.example"}}}}
	known := transfer.Channel{
		Channel: config.Channel{Name: "+without secrets", Provider: "anthropic"},
		Keys:    []transfer.Key{{Fingerprint: noted.Fingerprint, LastFour: "four", Note: "n"}},
	}
	s.Channels = []transfer.Channel{ch, other, least, known}
	var token transfer.Token
	fill(t, reflect.ValueOf(&token.Token).Elem(), "")
	token.LastFour, token.Channels, token.Models = "abcd", []string{"x"}, []string{"a*"}
	s.Tokens = []transfer.Token{token, {Token: config.Token{Name: config.Anonymous}}, {Token: config.Token{Name: "secret elsewhere"}}}
	s.Aliases = []config.Alias{{Name: "fast", Models: []string{"a", "b"}}}
	return &s
}

func key(secret string) transfer.Key {
	k := transfer.Key{Secret: secret, Fingerprint: access.Fingerprint(secret)}
	if len(secret) >= 16 && !config.HasPlaceholder(secret) {
		k.LastFour = secret[len(secret)-4:]
	}
	return k
}

func TestRoundTrips(t *testing.T) {
	set := filled(t)
	for format, write := range map[string]func(io.Writer, *transfer.Set) error{
		transfer.FormatJSON: transfer.WriteJSON, transfer.FormatCSV: transfer.WriteCSV,
	} {
		t.Run(format, func(t *testing.T) {
			var out bytes.Buffer
			if err := write(&out, set); err != nil {
				t.Fatal(err)
			}
			f, err := transfer.Read(t.Context(), "x", out.Bytes())
			if err != nil || f.Format != format || len(f.Problems)+len(f.Notes) > 0 {
				t.Fatalf("%v\n%+v\n%s", err, f, out.String())
			}
			want := *set
			if format == transfer.FormatCSV {
				want.Tokens, want.Aliases = nil, nil
			}
			if !reflect.DeepEqual(f.Set, want) {
				t.Errorf("got  %+v\nwant %+v\n%s", f.Set, want, out.String())
			}
			var again bytes.Buffer
			if err := write(&again, &f.Set); err != nil || again.String() != out.String() {
				t.Errorf("written again it differs: %v\n%s\n%s", err, out.String(), again.String())
			}
		})
	}
}

// TestNoFormulas looks at what a spreadsheet would see.
func TestNoFormulas(t *testing.T) {
	var out bytes.Buffer
	if err := transfer.WriteCSV(&out, filled(t)); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(out.Bytes(), []byte("\ufeff")))).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	guarded := 0
	for _, row := range rows {
		for _, cell := range row {
			if strings.HasPrefix(cell, "'") {
				guarded++
			}
			if cell != "" && strings.Contains("=+-@\t\r", cell[:1]) {
				t.Errorf("a formula: %s", cell)
			}
		}
	}
	if guarded < 5 {
		t.Errorf("only %d cells are guarded", guarded)
	}
}

// TestSecretsOfTokensAreNotWritten even if somebody puts them into a set.
func TestSecretsOfTokensAreNotWritten(t *testing.T) {
	set := &transfer.Set{
		Tokens:   []transfer.Token{{Token: config.Token{Name: "a", Secret: "SECRET-of-a-token"}}},
		Channels: []transfer.Channel{{Channel: config.Channel{Name: "b", Keys: []string{"SECRET-key"}}}},
	}
	var out bytes.Buffer
	for _, write := range []func(io.Writer, *transfer.Set) error{transfer.WriteJSON, transfer.WriteCSV} {
		if err := write(&out, set); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(out.String(), "SECRET") {
		t.Errorf("written: %s", out.String())
	}
	if set.Tokens[0].Secret == "" || set.Channels[0].Channel.Keys == nil {
		t.Error("the set itself was changed")
	}
}

type broken struct{ left int }

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, fmt.Errorf("the disk is full")
	}
	return len(p), nil
}

func TestWritingThatFails(t *testing.T) {
	set := filled(t)
	for _, room := range []int{0, 3, 500} {
		if transfer.WriteJSON(&broken{room}, set) == nil || transfer.WriteCSV(&broken{room}, set) == nil {
			t.Errorf("with room for %d bytes nothing is said", room)
		}
	}
}
