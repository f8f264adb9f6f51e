package callrow

import (
	"encoding/json"

	"github.com/ccload/ccload/ai"
)

// AppendDetails appends what of a call has no column, as Details are read. out
// is who was left out, see LeftOut.
func AppendDetails(b []byte, r *ai.Record, out []LeftOut) []byte {
	return appendDetails(b, r, appendLeftOut(nil, out))
}

// appendDetails is AppendDetails with the text of who was left out.
func appendDetails(b []byte, r *ai.Record, leftOut []byte) []byte {
	b = append(b, '{')
	b = appendInt(b, "request_bytes", r.RequestBytes)
	b = appendInt(b, "answer_bytes", r.AnswerBytes)
	b = appendString(b, "user_agent", r.UserAgent)
	b = appendString(b, "message", r.Message)
	b = appendString(b, "policy", r.Policy)
	b = appendBool(b, "playground", r.Playground)
	rest := r.Usage // without what has columns
	rest.Input, rest.CachedInput, rest.CacheWrite, rest.Output = 0, 0, 0, 0
	b = appendUsage(b, &rest)
	more := r.Cost // without the amount, which has one
	more.Amount = 0
	b = appendCost(b, &more)
	if len(leftOut) > 0 {
		b = append(appendKey(b, "left_out"), leftOut...)
	}
	if len(r.Attempts) > 0 {
		b = append(appendKey(b, "attempts"), '[')
		for i := range r.Attempts {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendAttempt(b, &r.Attempts[i], &r.Usage)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// appendAttempt appends an attempt of a call that used so much in all.
func appendAttempt(b []byte, a *ai.Attempt, whole *ai.Usage) []byte {
	o := &a.Outcome
	b = append(b, '{')
	b = appendString(b, "channel", a.Target.Channel)
	b = appendString(b, "url", a.Target.URL)
	b = appendString(b, "key", a.Target.Key)
	b = appendString(b, "model", a.Target.Model)
	b = appendInt(b, "start_ns", a.Start)
	if d := a.Dialing; d != nil {
		b = append(appendKey(b, "dialing"), '{')
		b = appendInt(b, "dns_ns", d.DNS)
		b = appendInt(b, "connect_ns", d.Connect)
		b = append(appendInt(b, "tls_ns", d.TLS), '}')
	}
	b = appendInt(b, "first_byte_ns", a.FirstByte)
	b = appendInt(b, "first_content_ns", a.FirstContent)
	b = appendInt(b, "duration_ns", a.Duration)
	b = appendString(b, "outcome", o.Kind.String())
	if o.Scope != ai.ScopeNone {
		b = appendString(b, "scope", o.Scope.String())
	}
	b = appendInt(b, "status", o.Status)
	b = appendInt(b, "until", Nanos(o.Until))
	b = appendString(b, "rule", o.Rule)
	b = appendString(b, "code", o.Code)
	b = appendString(b, "message", o.Message)
	b = appendBool(b, "retry", o.Retry)
	if a.Usage.Equal(whole) {
		b = appendBool(b, "served", true)
	} else {
		b = appendUsage(b, &a.Usage)
	}
	b = appendCost(b, &a.Cost)
	b = appendString(b, "why", a.Why)
	b = appendInt(b, "rested", Nanos(a.CooledUntil))
	b = appendBool(b, "probe", a.Probe)
	b = appendString(b, "server_id", a.ServerID)
	b = appendString(b, "protocol", string(a.Protocol))
	b = appendString(b, "substituted", a.Substituted)
	b = appendTexts(b, "dropped", a.Dropped)
	return append(b, '}')
}

// appendUsage appends nothing for a usage of nothing.
func appendUsage(b []byte, u *ai.Usage) []byte {
	if u.IsZero() {
		return b
	}
	b = append(appendKey(b, "usage"), '{')
	b = appendInt(b, "input", u.Input)
	b = appendInt(b, "cached_input", u.CachedInput)
	b = appendInt(b, "cache_write", u.CacheWrite)
	b = appendInt(b, "cache_write_1h", u.CacheWrite1h)
	b = appendInt(b, "output", u.Output)
	b = appendInt(b, "reasoning", u.Reasoning)
	b = appendInt(b, "audio_input", u.AudioInput)
	b = appendInt(b, "image_input", u.ImageInput)
	b = appendInt(b, "cached_audio", u.CachedAudio)
	b = appendInt(b, "cached_image", u.CachedImage)
	b = appendInt(b, "audio_output", u.AudioOutput)
	b = appendInt(b, "image_output", u.ImageOutput)
	b = appendInt(b, "web_searches", u.WebSearches)
	b = appendString(b, "search_size", u.SearchSize)
	b = appendInt(b, "characters", u.Characters)
	b = appendInt(b, "images", u.Images)
	b = appendString(b, "image_form", u.ImageForm)
	b = appendInt(b, "audio_ms", u.AudioMillis)
	b = appendString(b, "service_tier", u.ServiceTier)
	b = appendString(b, "region", u.Region)
	b = appendBool(b, "reported", u.Reported)
	b = appendBool(b, "unmeasured", u.Unmeasured)
	b = appendBool(b, "estimated", u.Estimated)
	b = appendBool(b, "doubtful", u.Doubtful)
	b = appendMoney(b, "vendor_usd", u.VendorCost)
	b = appendBool(b, "vendor_costed", u.VendorCosted)
	if len(u.Beside) > 0 { // rare
		if text, err := json.Marshal(u.Beside); err == nil {
			b = append(appendKey(b, "beside"), text...)
		}
	}
	return append(b, '}')
}

// appendCost appends nothing for a cost of nothing.
func appendCost(b []byte, c *ai.Cost) []byte {
	if *c == (ai.Cost{}) {
		return b
	}
	b = append(appendKey(b, "cost"), '{')
	b = appendMoney(b, "usd", c.Amount)
	b = appendMoney(b, "list_usd", c.List)
	b = appendFloat(b, "multiplier", c.Multiplier)
	b = appendString(b, "price", c.Price)
	b = appendBool(b, "unpriced", c.Unpriced)
	b = appendBool(b, "other_tier", c.OtherTier)
	b = appendBool(b, "drifted", c.Drifted)
	return append(b, '}')
}
