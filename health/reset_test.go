package health

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

func at(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestParseMoment(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"30", "2026-11-23T12:00:30Z"},
		{" 1.5 ", "2026-11-23T12:00:01.5Z"},
		{"1795453200", "2026-11-23T17:00:00Z"},
		{"1795453200.5", "2026-11-23T17:00:00.5Z"},
		{"1795453200000", "2026-11-23T17:00:00Z"},
		{"2026-11-23T12:01:00Z", "2026-11-23T12:01:00Z"},
		{"2026-11-23T20:01:00.5+08:00", "2026-11-23T12:01:00.5Z"},
		{"2026-11-23 12:01:00 UTC", "2026-11-23T12:01:00Z"},
		{"Mon, 23 Nov 2026 12:05:00 GMT", "2026-11-23T12:05:00Z"},
		{"1s", "2026-11-23T12:00:01Z"},
		{"120ms", "2026-11-23T12:00:00.12Z"},
		{"6m0s", "2026-11-23T12:06:00Z"},
		{"1h2m", "2026-11-23T13:02:00Z"},
		{"2m59.56s", "2026-11-23T12:02:59.56Z"},
		{"1d2h", "2026-11-24T14:00:00Z"},
		{"0", ""},
		{"-5", ""},
		{"", ""},
		{"soon", ""},
		{"NaN", ""},
		{"Inf", ""},
		{"1e300", ""},
		{"X-RATELIMIT-RESET-XXX", ""},
		{strings.Repeat("9", 70), ""},
	} {
		if got := parseMoment(c.in, noon); !got.Equal(at(c.want)) {
			t.Errorf("%q: %v, want %s", c.in, got, c.want)
		}
	}
}

// Everything a server may say, in the order in which it is believed.
func TestStatedReset(t *testing.T) {
	limit := `{"error":{"type":"rate_limit_error","message":"slow down"}}`
	for _, c := range []struct {
		name    string
		status  int
		body    string
		headers []string
		want    string // offset from noon as RFC 3339, empty: not stated
	}{
		{"seconds", 429, limit, []string{"retry-after", "7"}, "2026-11-23T12:00:07Z"},
		{"date", 429, limit, []string{"retry-after", "Mon, 23 Nov 2026 12:01:00 GMT"}, "2026-11-23T12:01:00Z"},
		{"date that is over", 429, limit, []string{"retry-after", "Mon, 23 Nov 2026 11:01:00 GMT"}, ""},
		{"milliseconds", 429, limit, []string{"retry-after-ms", "2500", "retry-after", "3"}, "2026-11-23T12:00:02.5Z"},
		{"no milliseconds", 429, limit, []string{"retry-after-ms", "0", "retry-after", "3"}, "2026-11-23T12:00:03Z"},
		{"a mistake is bounded", 429, limit, []string{"retry-after", "9999999"}, "2026-11-24T12:00:00Z"},
		{"overload is bounded", 503, `{}`, []string{"retry-after", "3600"}, "2026-11-23T12:10:00Z"},
		{"overload", 529, `{}`, []string{"retry-after", "20"}, "2026-11-23T12:00:20Z"},
		{"server", 500, `{}`, []string{"retry-after", "20"}, "2026-11-23T12:00:20Z"},
		{"auth does not heal", 401, `{}`, []string{"retry-after", "20"}, ""},
		{"caller", 400, `{}`, []string{"retry-after", "20"}, ""},
		{"anthropic window that is used up", 429, limit, []string{
			"anthropic-ratelimit-requests-remaining", "3", "anthropic-ratelimit-requests-reset", "2026-11-23T12:00:05Z",
			"anthropic-ratelimit-tokens-remaining", "0", "anthropic-ratelimit-tokens-reset", "2026-11-23T12:00:40Z",
			"anthropic-ratelimit-input-tokens-remaining", "0", "anthropic-ratelimit-input-tokens-reset", "2026-11-23T12:00:50Z",
		}, "2026-11-23T12:00:50Z"},
		{"nothing used up", 429, limit, []string{
			"x-ratelimit-remaining-tokens", "100", "x-ratelimit-reset-tokens", "6m0s",
			"x-ratelimit-remaining-requests", "9", "x-ratelimit-reset-requests", "1s",
		}, "2026-11-23T12:00:01Z"},
		{"unified", 429, limit, []string{"anthropic-ratelimit-unified-reset", "1795453200"}, "2026-11-23T17:00:00Z"},
		{"unified, the longer of two", 429, limit, []string{
			"anthropic-ratelimit-unified-status", "rejected", "anthropic-ratelimit-unified-reset", "1795453200",
			"anthropic-ratelimit-unified-5h-status", "rejected", "anthropic-ratelimit-unified-5h-reset", "1795453200",
			"anthropic-ratelimit-unified-7d-status", "rejected", "anthropic-ratelimit-unified-7d-reset", "1795539600",
		}, "2026-11-24T17:00:00Z"},
		{"bare reset in milliseconds", 429, limit, []string{"x-ratelimit-reset", "1795435260000"}, "2026-11-23T12:01:00Z"},
		{"window of another status", 503, `{}`, []string{"x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "6m0s"}, ""},
		{"gemini", 429, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"34.4s"}]}}`, nil, "2026-11-23T12:00:34.4Z"},
		{"gemini per day", 429, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"XPerDayPerModel"}]},{"retryDelay":"34s"}]}}`, nil, "2026-11-24T08:00:00Z"},
		{"retry in", 429, `{"error":{"status":"RESOURCE_EXHAUSTED","message":"Please retry in 59.4s."}}`, nil, "2026-11-23T12:00:59.4Z"},
		{"try again in", 429, `{"error":{"message":"Rate limit reached for x: Limit 3, Used 3. Please try again in 6m0s. Visit https://x"}}`, nil, "2026-11-23T12:06:00Z"},
		{"milliseconds in text", 429, `{"error":{"message":"Rate limit reached for x. Please try again in 174ms."}}`, nil, "2026-11-23T12:00:00.174Z"},
		{"retry after", 429, `{"error":{"message":"retry after 30 seconds"}}`, nil, "2026-11-23T12:00:30Z"},
		{"wait", 429, `{"error":{"message":"Please wait 2 minutes and try again"}}`, nil, "2026-11-23T12:02:00Z"},
		{"days and hours", 429, `{"error":{"type":"usage_limit_reached","message":"You've hit your usage limit. Try again in 4 days 3 hours and 20 minutes."}}`, nil, "2026-11-27T15:20:00Z"},
		{"chinese", 429, `{"error":{"message":"请求过于频繁，请在 30 秒后重试"}}`, nil, "2026-11-23T12:00:30Z"},
		{"no number that means time", 429, `{"error":{"message":"failed after retry 3 times"}}`, nil, ""},
		{"resets at with zone", 429, `{"error":{"code":"1310","message":"Weekly limit. resets at 2026-12-01T00:00:00Z"}}`, nil, "2026-12-01T00:00:00Z"},
		{"beijing time", 429, `{"error":{"code":"1308","message":"已达到 5 小时的使用上限。您的限额将在 2026-11-23 23:41:44 重置。"}}`, nil, "2026-11-23T15:41:44Z"},
		{"a stamp that only makes sense in UTC", 429, `{"error":{"code":"1308","message":"Your limit will reset at 2026-11-23 13:00:00"}}`, nil, "2026-11-23T13:00:00Z"},
		{"a stamp that is over", 429, `{"error":{"code":"1308","message":"Your limit will reset at 2026-11-23 11:00:00"}}`, nil, ""},
		{"an allowance far away", 429, `{"error":{"code":"1308","message":"Your limit will reset at 2036-11-23 11:00:00"}}`, nil, "2027-11-24T12:00:00Z"},
		{"allowance before the proxy's guess", 429, `{"error":{"code":"1308","message":"Your limit will reset at 2026-11-23 23:00:00"}}`, []string{"retry-after", "5"}, "2026-11-23T15:00:00Z"},
		{"codex fields", 429, `{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_at":1795453999,"resets_in_seconds":18000}}`, nil, "2026-11-23T17:00:00Z"},
		{"codex without seconds", 429, `{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_at":1795453200}}`, nil, "2026-11-23T17:00:00Z"},
		{"claude code", 429, `{"error":{"message":"Claude AI usage limit reached|1795453200"}}`, nil, "2026-11-23T17:00:00Z"},
		{"field in milliseconds", 429, `{"error":{"code":"rate_limit_exceeded","retry_after_ms":1500}}`, nil, "2026-11-23T12:00:01.5Z"},
		{"field with a span", 429, `{"error":{"code":"model_cooldown","quotaResetDelay":"1h16m0.667s"}}`, nil, "2026-11-23T13:16:00.667Z"},
	} {
		o := Classify(answer(c.status, c.body, c.headers...), nil, noon)
		if !o.Until.Equal(at(c.want)) {
			t.Errorf("%s: %v by %s, want %s", c.name, o.Until, o.Rule, c.want)
		}
	}
}

func TestFailureFieldsComeBeforeText(t *testing.T) {
	f := ai.Failure{Code: "1308", Message: "reset at 2026-11-23 23:00:00", Reset: at("2026-11-23T14:00:00Z")}
	if o := Classify(&Evidence{Status: 429, Failure: f}, nil, noon); !o.Until.Equal(f.Reset) {
		t.Errorf("absolute: %v", o.Until)
	}
	f.RetryAfter = math.MaxInt64
	if o := Classify(&Evidence{Status: 429, Failure: f}, nil, noon); !o.Until.Equal(noon.Add(longestCooldown)) {
		t.Errorf("absurd: %v", o.Until)
	}
}

func TestMidnightPacificFollowsTheClocks(t *testing.T) {
	for now, want := range map[string]string{
		"2026-11-23T12:00:00Z": "2026-11-24T08:00:00Z",
		"2026-11-23T07:59:59Z": "2026-11-23T08:00:00Z",
		"2026-07-01T12:00:00Z": "2026-07-02T07:00:00Z",
	} {
		if got := midnightPacific(nil, at(now)); !got.Equal(at(want)) {
			t.Errorf("%s: %v", now, got)
		}
	}
}

func FuzzReset(f *testing.F) {
	for _, s := range []string{"try again in 4 days 3 hours", "6m0s", "2026-11-23 23:00:00 +0800", "|1795453200", "retry after: 99999999999999999999h", "30 秒后"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parseMoment(s, noon)
		for _, look := range []resetter{statedReset, saidReset} {
			e := &Evidence{Status: 429, Header: header("Retry-After", s), Body: []byte(s), Failure: ai.Failure{Message: s}}
			if got := look(newFacts(e), noon); !got.IsZero() && !got.After(noon) {
				t.Errorf("%q: %v is over", s, got)
			}
		}
	})
}
