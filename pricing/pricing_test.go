package pricing

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/ccload/ccload/ai"
)

func at(day string) time.Time {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, day); err == nil {
			return t
		}
	}
	panic(day)
}

// The built-in rows: each fits its own model's name, and no two of them claim
// the same model, moment, tier and prompt.
func TestBuiltInRows(t *testing.T) {
	rows, err := ParseFile("catalogue.csv", builtIn)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 500 {
		t.Errorf("only %d rows", len(rows))
	}
	more, err := ParseFile("additions.csv", additions)
	if err != nil || len(more) == 0 {
		t.Fatalf("%d additions: %v", len(more), err)
	}
	rows = append(rows, more...)
	list := compileAll(rows)
	for i, e := range list {
		if e.name != strings.ToLower(e.model) && !e.pattern.fits(e.name) {
			t.Errorf("%s does not fit its own name", e.id)
		}
		for _, o := range list[:i] {
			if e.provider == o.provider && e.model == o.model && e.tier == o.tier && e.above == o.above &&
				e.from < o.until && o.from < e.until && (e.when == nil) == (o.when == nil) && (e.when == nil || e.when.outside == o.when.outside) {
				t.Errorf("%s and %s are in force together", e.id, o.id)
			}
		}
	}
}

func TestNames(t *testing.T) {
	one := ai.Usage{Input: 1, Output: 1, Reported: true}
	for _, row := range []struct{ provider, model, day, want string }{
		{"anthropic", "claude-sonnet-5", "2026-11-20", "anthropic/claude-sonnet-5"},
		{"anthropic", "claude-sonnet-5-5", "2026-11-20", "anthropic/claude-sonnet-5-5"},
		{"anthropic", "claude-sonnet-5-7", "2026-11-20", ""},
		{"anthropic", "claude-opus-4-60", "2026-11-20", ""},
		{"anthropic", "claude-opus-4-6-20260101", "2026-06-20", "anthropic/claude-opus-4-6"},
		{"anthropic", "  Claude-Opus-4-6 ", "2026-06-20", "anthropic/claude-opus-4-6"},
		{"", "anthropic/claude-4.6-sonnet-20260217", "2026-06-20", "anthropic/claude-sonnet-4-6"},
		{"", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "2026-06-20", "anthropic/claude-sonnet-4-5"},
		{"", "claude-sonnet-4-5@20250929", "2026-06-20", "anthropic/claude-sonnet-4-5"},
		{"gemini", "models/gemini-2.5-flash", "2026-06-20", "google/gemini-2.5-flash"},
		{"gemini", "gemini-2.5-flash-lite", "2026-06-20", "google/gemini-2.5-flash-lite"},
		{"gemini", "gemini-2.0-flash-lite", "2026-06-20", "google/gemini-2.0-flash-lite"},
		{"gemini", "gemini-2.5-pro-preview-tts", "2026-06-20", "google/gemini-2.5-pro-preview-tts"},
		{"azure", "gpt-35-turbo", "2026-06-20", "openai/gpt-3.5-turbo"},
		{"openai", "gpt-4o-2024-05-13", "2026-06-20", "openai/gpt-4o-2024-05-13"},
		{"openai", "gpt-4o-mini-2024-07-18", "2026-06-20", "openai/gpt-4o-mini"},
		{"openai", "ft:gpt-4o-mini-2024-07-18:acme::abc", "2026-06-20", ""},
		{"openrouter", "google/gemini-2.0-flash-exp:free", "2026-06-20", ""},
		{"openrouter", "anthropic/claude-sonnet-4.6:thinking", "2026-06-20", "anthropic/claude-sonnet-4-6"},
		{"groq", "openai/gpt-oss-120b", "2026-06-20", "groq/openai/gpt-oss-120b"},
		{"", "openai/gpt-oss-120b", "2026-06-20", ""}, // what one host takes says nothing of another
		{"together", "deepseek-chat", "2026-06-20", ""},
		{"openai", "claude-sonnet-4-6", "2026-06-20", ""},
		{"openai", "", "2026-06-20", ""},
		{"openai", "gpt-5.2-proo", "2026-06-20", ""},
		{"deepseek", "deepseek-v4-flash", "2026-08-16T15:59:59Z", "deepseek/deepseek-v4-flash@2026-04-24"},
		{"deepseek", "deepseek-v4-flash", "2026-08-17T05:00:00Z", "deepseek/deepseek-v4-flash@2026-08-16T16:00Z not"},
		{"deepseek", "deepseek-v4-flash", "2026-09-10T00:00:00Z", "deepseek/deepseek-flash@2026-09-10"},
		{"deepseek", "deepseek-flash", "2026-11-06T01:00:00Z", "deepseek/deepseek-flash@2026-09-10 mon-fri"}, // a Friday
		{"deepseek", "deepseek-flash", "2026-11-06T04:00:00Z", "deepseek/deepseek-flash@2026-09-10 not"},
		{"deepseek", "deepseek-flash", "2026-11-07T01:00:00Z", "deepseek/deepseek-flash@2026-09-10 not"},
		{"openai", "o3", "2025-06-09T23:59:59Z", "openai/o3@2025-04-16"},
		{"openai", "o3", "2025-06-10T00:00:00Z", "openai/o3@2025-06-10"},
	} {
		c := Default().Price(row.provider, row.model, at(row.day), &one, nil)
		if row.want == "" != c.Unpriced || !strings.HasPrefix(c.Price, row.want) || row.want != "" && strings.HasPrefix(c.Price, row.want+"-") {
			t.Errorf("%s %s on %s: by %q (unpriced %v), want %q", row.provider, row.model, row.day, c.Price, c.Unpriced, row.want)
		}
		if c.Unpriced && (c.Amount != 0 || c.List != 0) {
			t.Errorf("%s %s: unpriced, and yet %s", row.provider, row.model, c.Amount)
		}
	}
}

// At every boundary the whole prompt decides, cached tokens included, and the
// boundary itself belongs where its vendor says.
func TestBoundaries(t *testing.T) {
	rows, _ := ParseFile("catalogue.csv", builtIn)
	tested := 0
	for _, r := range rows {
		if r.Above == "" {
			continue
		}
		tested++
		e, _ := r.compile(make(patterns))
		moment := at("2026-11-21") // a Saturday
		if e.until < moment.Unix() {
			moment = time.Unix(e.until-1, 0)
		}
		if e.from > moment.Unix() {
			moment = time.Unix(e.from, 0)
		}
		for prompt, long := range map[int64]bool{e.above: true, e.above - 1: false} {
			u := ai.Usage{Input: prompt, CachedInput: prompt - 1, Output: 1, ServiceTier: r.Tier}
			c := Default().Price(presetOf(r.Provider), r.Model, moment, &u, nil)
			if (c.Price == e.id) != long {
				t.Errorf("%s with a prompt of %d: by %s", e.id, prompt, c.Price)
			}
		}
	}
	if tested < 50 {
		t.Errorf("only %d boundaries", tested)
	}
}

func presetOf(vendor string) string {
	for preset, v := range vendors {
		if v == vendor {
			return preset
		}
	}
	return vendor
}

// Tiers and long prompts: discounts stack, and priority does not reach that far.
func TestTiersOfLongPrompts(t *testing.T) {
	for _, row := range []struct {
		provider, model, day, tier string
		prompt                     int64
		want                       string
	}{
		{"anthropic", "claude-sonnet-4-5", "2026-01-15", "batch", 100_000, "1.5"},
		{"anthropic", "claude-sonnet-4-5", "2026-01-15", "batch", 300_000, "3"},
		{"anthropic", "claude-sonnet-4-5", "2026-01-15", "priority", 300_000, "6"},
		{"openai", "gpt-6.1-sol", "2026-11-20", "priority", 300_000, "="},
		{"openai", "gpt-6.1-sol", "2026-11-20", "unheard-of", 300_000, "="},
		{"openai", "gpt-6.1-sol", "2026-11-20", "flex", 300_000, "/2"},
	} {
		u := ai.Usage{Input: row.prompt, ServiceTier: row.tier}
		_, lines := Default().Explain(row.provider, row.model, at(row.day), &u, nil)
		plain := ai.Usage{Input: row.prompt}
		long := Default().Price(row.provider, row.model, at(row.day), &plain, nil).List
		got := Default().Price(row.provider, row.model, at(row.day), &u, nil).List
		switch row.want {
		case "=":
			if got != long {
				t.Errorf("%+v: %s, want the standard %s", row, got, long)
			}
		case "/2":
			if got != long/2 {
				t.Errorf("%+v: %s, want half of %s", row, got, long)
			}
		default:
			if len(lines) != 1 || lines[0].Price != row.want {
				t.Errorf("%+v: %+v", row, lines)
			}
		}
	}
}

// Whatever is used: no price is negative, using more never costs less within a
// tier, and what two models used costs what each of them did.
func TestPriceProperties(t *testing.T) {
	day := at("2026-11-21")
	price := func(u ai.Usage) ai.Money { return Default().Price("anthropic", "claude-opus-4-6", day, &u, nil).Amount }
	check := func(u ai.Usage, more uint16) bool {
		u.Beside, u.VendorCosted, u.ServiceTier = nil, false, ""
		for _, n := range []*int64{
			&u.Input, &u.CachedInput, &u.CacheWrite, &u.CacheWrite1h, &u.Output, &u.Reasoning, &u.AudioInput, &u.ImageInput,
			&u.CachedAudio, &u.CachedImage, &u.AudioOutput, &u.ImageOutput, &u.WebSearches,
		} {
			*n %= 100_000
		}
		u.Bound()
		base := price(u)
		if base < 0 {
			return false
		}
		v := u
		v.Output += int64(more)
		v.WebSearches += int64(more)
		both := v
		both.Beside = []ai.ModelUsage{{Model: "claude-opus-4-6", Usage: u}}
		sum := price(u) + price(v) - price(both)
		return price(v) >= base && sum >= -1 && sum <= 1 // rounded once instead of twice
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
	huge := ai.Usage{Input: 1 << 62, Output: 1 << 62}
	if c := price(huge); c <= 0 {
		t.Errorf("a usage beyond measure costs %d", c)
	}
}

func TestMultiplierAndVendorCost(t *testing.T) {
	u := ai.Usage{Input: 1_000_000, Reported: true}
	for _, row := range []struct {
		m    float64
		want ai.Money
	}{{1, 5 * ai.Dollar}, {0.3, 15 * ai.Dollar / 10}, {0, 0}, {2.5, 125 * ai.Dollar / 10}, {0.000001, 5000}} {
		c := Default().Price("anthropic", "claude-opus-4-6", at("2026-06-01"), &u, &row.m)
		if c.Amount != row.want || c.List != 5*ai.Dollar || *c.Multiplier != row.m {
			t.Errorf("times %v: %+v", row.m, c)
		}
	}
	for _, row := range []struct {
		vendor  ai.Money
		drifted bool
	}{{5 * ai.Dollar, false}, {46 * ai.Dollar / 10, false}, {4 * ai.Dollar, true}, {6 * ai.Dollar, true}, {0, true}} {
		u.VendorCost, u.VendorCosted = row.vendor, true
		half := 0.5
		c := Default().Price("", "claude-opus-4-6", at("2026-06-01"), &u, &half)
		if c.Amount != row.vendor/2 || c.List != 5*ai.Dollar || c.Drifted != row.drifted {
			t.Errorf("the vendor says %s: %+v", row.vendor, c)
		}
	}
	// A vendor's own cost needs no row.
	if c := Default().Price("", "unheard-of", at("2026-06-01"), &u, nil); c.Unpriced || c.Drifted || c.Amount != u.VendorCost {
		t.Errorf("%+v", c)
	}
}

// What is billed by the piece is priced where its size is known, and never
// without a price.
func TestPieces(t *testing.T) {
	for _, row := range []struct {
		provider, model string
		u               ai.Usage
		want            string // empty: unpriced
	}{
		{"openai", "tts-1", ai.Usage{Characters: 3000}, "0.045"},
		{"openai", "tts-1-hd", ai.Usage{Characters: 3000}, "0.09"},
		{"azure", "tts-1", ai.Usage{Characters: 3000}, "0.045"},
		{"openai", "gpt-4o-mini-tts", ai.Usage{Characters: 3000}, ""}, // it bills the tokens of its sound
		{"openai", "gpt-4o-mini-tts", ai.Usage{Input: 1000, Output: 2000, AudioOutput: 2000}, "0.0246"},
		{"openai", "whisper-1", ai.Usage{AudioMillis: 90_500}, "0.00905"},
		{"openai", "whisper-1", ai.Usage{Unmeasured: true}, ""},
		{"openai", "tts-2", ai.Usage{Characters: 3000}, ""},
		{"groq", "whisper-large-v3-turbo", ai.Usage{AudioMillis: 3_600_000}, "0.04"},
		{"openai", "dall-e-3", ai.Usage{Images: 1}, "0.04"},
		{"openai", "dall-e-3", ai.Usage{Images: 2, ImageForm: "1024x1792"}, "0.16"},
		{"openai", "dall-e-3", ai.Usage{Images: 1, ImageForm: "1024X1792/HD"}, "0.12"},
		{"openai", "dall-e-3", ai.Usage{Images: 1, ImageForm: "/hd"}, "0.08"},
		{"openai", "dall-e-3", ai.Usage{Images: 1, ImageForm: "4096x4096"}, ""},
		{"openai", "dall-e-3", ai.Usage{Images: 1, ImageForm: "/auto"}, ""},
		{"openai", "gpt-image-1", ai.Usage{Images: 1}, ""}, // it bills tokens
		{"openai", "gpt-image-1", ai.Usage{Images: 1, Input: 50, Output: 4160, ImageOutput: 4160}, "0.16665"},
		{"xai", "grok-imagine-image", ai.Usage{Images: 3, ImageForm: "1024x1024"}, "0.06"},
		{"openai", "text-embedding-3-small", ai.Usage{Unmeasured: true}, ""},
		{"perplexity", "sonar", ai.Usage{Input: 536, Output: 174, WebSearches: 1, SearchSize: "low"}, "0.00571"},
		{"perplexity", "sonar-pro", ai.Usage{Input: 1000, Output: 1000, WebSearches: 1, SearchSize: "high"}, "0.032"},
		{"perplexity", "sonar-pro", ai.Usage{Input: 1000, Output: 1000, WebSearches: 1, SearchSize: "enormous"}, "?"},
		{"perplexity", "sonar-deep-research", ai.Usage{Input: 1000, Output: 1000, WebSearches: 20}, "0.11"},
		{"azure", "grok-4-1-fast-non-reasoning", ai.Usage{Input: 1_000_000, Output: 1_000_000}, "0.7"},
		{"azure", "gpt-5.2_2025-12-11", ai.Usage{Input: 1_000_000}, "1.75"},
		{"groq", "openai/gpt-oss-20b", ai.Usage{Input: 1_000_000}, "0.075"},
		{"cerebras", "gpt-oss-120b", ai.Usage{Input: 1_000_000}, "0.35"},
		{"fireworks", "accounts/fireworks/models/gpt-oss-120b", ai.Usage{Input: 1_000_000}, "0.15"},
		{"openrouter", "moonshotai/kimi-k2.5", ai.Usage{Input: 1_000_000}, "0.44"},
		{"moonshot", "kimi-k2.5", ai.Usage{Input: 1_000_000}, "0.6"},
		{"", "moonshotai/kimi-k2.5", ai.Usage{Input: 1_000_000}, "0.6"}, // what a host takes says nothing of another
		{"qwen", "qwen3-30b-a3b", ai.Usage{Input: 1_000_000, Output: 1_000_000}, "1"},
	} {
		c, lines := Default().Explain(row.provider, row.model, at("2026-11-20"), &row.u, nil)
		switch {
		case row.want == "?": // a part of it has no price
			if !c.Unpriced || c.List == 0 {
				t.Errorf("%s %s %+v: %+v", row.provider, row.model, row.u, c)
			}
		case row.want == "":
			if !c.Unpriced || c.List != 0 {
				t.Errorf("%s %s %+v is not unpriced: %+v", row.provider, row.model, row.u, c)
			}
		case c.Unpriced || c.List.String() != row.want:
			t.Errorf("%s %s %+v: %s (unpriced %v), want %s: %+v", row.provider, row.model, row.u, c.List, c.Unpriced, row.want, lines)
		}
		var all ai.Money
		for _, l := range lines {
			all += l.Amount
		}
		if all != c.List {
			t.Errorf("%s %s: the lines come to %s, the price is %s", row.provider, row.model, all, c.List)
		}
	}
}

// The tier that was used decides; one that no row knows is flagged.
func TestTiers(t *testing.T) {
	for _, row := range []struct {
		provider, model, tier, same string // as the price of
		flagged                     bool
	}{
		{"vertex", "gemini-2.5-flash", "ON_DEMAND_FLEX", "flex", false},
		{"vertex", "gemini-2.5-flash", "on_demand_priority", "priority", false},
		{"vertex", "gemini-2.5-flash", "ON_DEMAND", "", false},
		{"vertex", "gemini-2.5-flash", "PROVISIONED_THROUGHPUT", "", false},
		{"vertex", "gemini-2.5-flash", "ON_DEMAND_SHARED_DREAM", "", true},
		{"gemini", "gemini-2.5-flash", "SERVICE_TIER_PRIORITY", "priority", false},
		{"gemini", "gemini-2.5-flash", "SERVICE_TIER_UNSPECIFIED", "", false},
		{"openai", "gpt-6.1-sol", "default", "", false},
		{"openai", "gpt-6.1-sol", "ultra", "", true},
		{"openai", "gpt-4-turbo", "flex", "", true}, // no such price
	} {
		u := ai.Usage{Input: 1000, Output: 1000, ServiceTier: row.tier}
		as := ai.Usage{Input: 1000, Output: 1000, ServiceTier: row.same}
		c := Default().Price(row.provider, row.model, at("2026-11-20"), &u, nil)
		if want := Default().Price(row.provider, row.model, at("2026-11-20"), &as, nil); c.List != want.List || c.OtherTier != row.flagged || c.List == 0 {
			t.Errorf("%+v: %+v, want %s", row, c, want.List)
		}
	}
}

func TestRegionsAndDrift(t *testing.T) {
	u := ai.Usage{Input: 1_000_000, Region: "eu"}
	plain := ai.Usage{Input: 1_000_000}
	for _, row := range []struct {
		provider, model string
		more            bool
	}{{"openai", "gpt-6.1-sol", true}, {"azure", "gpt-6.1-sol", true}, {"openai", "gpt-4o", false}, {"xai", "grok-4", false}} {
		got, list := Default().Price(row.provider, row.model, at("2026-11-20"), &u, nil).List, Default().Price(row.provider, row.model, at("2026-11-20"), &plain, nil).List
		if more := got == list*11/10; more != row.more || list == 0 {
			t.Errorf("%+v: %s in a region, %s elsewhere", row, got, list)
		}
	}
	// A reseller's own price is right whatever the vendor's list says.
	u = ai.Usage{Input: 1_000_000, VendorCosted: true, VendorCost: 10}
	for provider, drifts := range map[string]bool{"openrouter": false, "vercel": false, "moonshot": true, "": true} {
		if c := Default().Price(provider, "kimi-k2.5", at("2026-11-20"), &u, nil); c.Drifted != drifts || c.Amount != 10 {
			t.Errorf("%q: %+v", provider, c)
		}
	}
}

func TestOwnRowsGoFirst(t *testing.T) {
	rows, err := ParseFile("my.csv", []byte("provider,model,from,until,input,output,tier,above,match\n"+
		"*,my-model,,,1,2,,,\n"+
		"anthropic,claude-opus-4-6,2026-06-01,2026-07-01,0.5,1,,,\n"+
		"anthropic,claude-opus-4-6,2026-06-01,2026-07-01,7,7,,>100,\n"+
		"together,llama,,,1,1,,,llama-.*\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := Default().WithOwn(rows)
	for _, row := range []struct {
		provider, model, day, tier string
		prompt                     int64
		want                       ai.Money
	}{
		{"", "my-model", "2026-01-01", "", 1000, 1_000_000},
		{"openai", "my-model", "2026-01-01", "", 1000, 1_000_000},
		{"anthropic", "claude-opus-4-6", "2026-06-01", "", 100, 50_000},
		{"anthropic", "claude-opus-4-6", "2026-06-01", "", 1000, 7_000_000},
		{"anthropic", "claude-opus-4-6", "2026-06-30", "batch", 100, 50_000},
		{"anthropic", "claude-opus-4-6", "2026-05-31", "", 100, 500_000},
		{"anthropic", "claude-opus-4-6", "2026-07-01", "", 100, 500_000},
		{"together", "meta/llama-9", "2026-07-01", "", 100, 100_000},
	} {
		u := ai.Usage{Input: row.prompt, ServiceTier: row.tier}
		if got := c.Price(row.provider, row.model, at(row.day), &u, nil); got.Amount != row.want {
			t.Errorf("%+v: %+v", row, got)
		}
	}
}

func TestParseFileNamesWhatIsWrong(t *testing.T) {
	for _, row := range []struct{ file, want string }{
		{"", "p: there is no line that names the columns"},
		{`{"x":1}`, "p: JSON prices are a list of rows"},
		{"model,prise\n", `p: line 1: there is no column "prise"; there are provider, model,`},
		{"model,input\nx,1\ny,-1\nz,1e3\n", "p: line 3 (y): input: \"-1\" is no number of US dollars\np: line 4 (z): input: \"1e3\""},
		{"model,input\nx,99999\n", "p: line 2 (x): input: 99999 US dollars are more than any token costs"},
		{"model,input\nx,0.1234567\n", "more than six decimals"},
		{"model,input\n,1\n", "model is missing"},
		{"model,match\nx,(\n", `match "(" is no regular expression`},
		{"model,from\nx,yesterday\n", `from "yesterday" must be a day such as 2026-11-09`},
		{"model,from,until\nx,2026-01-02,2026-01-02\n", "until 2026-01-02 is not after from 2026-01-02"},
		{"model,when\nx,mon-fri\n", `when "mon-fri" must be hours in UTC`},
		{"model,when\nx,mon-fri 09:00-08:00\n", "must be hours in UTC"},
		{"model,image\nx,big\n", `p: line 2 (x): image: "big" is no number`},
		{"model,image\nx,0.1 big:0.2\n", `must be one price, or words with their prices`},
		{"model,search_per_1k\nx,:5\n", `search_per_1k: ":5" must be one price`},
		{"model,audio_hour\nx,-1\n", `audio_hour: "-1" is no number`},
		{"model,above\nx,200000\n", `above "200000" must be a number of tokens`},
		{"model,input\nx\n", "wrong number of fields"},
		{`[{"model":"x","prize":"1"}]`, `unknown field "prize"`},
		{`[{"model":"x","input":"a"}]`, `p: row 1 (x): input: "a" is no number`},
		{`[{"model":`, "row 0"},
		{"model,input\n" + strings.Repeat("x,y\n", 50), "p: and more"},
	} {
		rows, err := ParseFile("p", []byte(row.file))
		if err == nil || !strings.Contains(err.Error(), row.want) || rows != nil {
			t.Errorf("%.60q: %v, want %s", row.file, err, row.want)
		}
	}
	rows, err := ParseFile("p", []byte("\xef\xbb\xbf"+`[{"model":"x","input":"1.5","when":"not sat-sun 08:00-24:00"}]`))
	if err != nil || len(rows) != 1 {
		t.Errorf("%+v, %v", rows, err)
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte("model,input\nx,1\n"))
	f.Add([]byte(`[{"model":"x","input":"1","above":">=5","when":"not mon 1:00-2:00"}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := ParseFile("p", data)
		if err != nil {
			return
		}
		c := Default().WithOwn(rows)
		for i := range rows {
			u := ai.Usage{Input: 1000, Output: 1000}
			if p := c.Price("", rows[i].Model, time.Unix(0, 0), &u, nil); p.Amount < 0 {
				t.Errorf("%+v costs %d", rows[i], p.Amount)
			}
		}
	})
}

func FuzzNormalize(f *testing.F) {
	f.Add("us.anthropic.claude-sonnet-4-5-20250929-v1:0")
	f.Add("claude-4.5-haiku")
	f.Fuzz(func(t *testing.T, id string) {
		name, ok := normalize(id)
		if again, _ := normalize(name); ok && strings.ToValidUTF8(name, "") == name && len(again) > len(name) {
			t.Errorf("%q became %q and then %q", id, name, again)
		}
	})
}

func BenchmarkPrice(b *testing.B) {
	u := ai.Usage{Input: 100_000, CachedInput: 90_000, CacheWrite: 5000, Output: 2000, Reported: true}
	now := at("2026-11-21")
	c := Default()
	c.Price("anthropic", "claude-opus-4-6", now, &u, nil)
	b.ReportAllocs()
	for b.Loop() {
		c.Price("anthropic", "claude-opus-4-6", now, &u, nil)
	}
}

func BenchmarkFirstLookup(b *testing.B) {
	c := Default()
	for b.Loop() {
		c.find("anthropic", "claude-"+string(rune('a'+rand.IntN(26)))+string(rune('a'+rand.IntN(26)))+string(rune('a'+rand.IntN(26))))
	}
}

func BenchmarkReadBuiltIn(b *testing.B) {
	for b.Loop() {
		rows, _ := ParseFile("", builtIn)
		compileAll(rows)
	}
}
