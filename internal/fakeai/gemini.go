package fakeai

import (
	"fmt"
	"slices"
	"strings"
)

var geminiReasons = [...]string{
	finishStop: "STOP", finishTool: "STOP", finishLength: "MAX_TOKENS", finishRefused: "SAFETY",
}

// geminiScript writes Google's generateContent. It has neither preamble nor
// end marker; the last chunk says why the answer ended.
func geminiScript(a *answer) *script {
	s := &script{ping: event{"", ": ping"}}
	var parts []string
	if a.thinking != "" {
		parts = append(parts, `{"text": `+quote(a.thinking)+`,"thought": true}`)
	}
	for _, p := range a.pieces {
		parts = append(parts, `{"text": `+quote(p)+`}`)
	}
	for _, c := range a.calls {
		parts = append(parts, fmt.Sprintf(`{"functionCall": {"name": %s,"args": %s},"thoughtSignature": "%s"}`, quote(c.name), c.arguments, signature))
	}
	for i, p := range parts {
		s.content = append(s.content, event{"", geminiChunk(a, p, "", int64(i)+1)})
	}
	last := ""
	if len(parts) > 0 { // as the service does, with a text that is empty
		last = `{"text": ""}`
	}
	if n := len(s.content); n > 1 && len(a.calls) == 0 {
		s.content, last = s.content[:n-1], parts[n-1]
	}
	s.finish = []event{{"", geminiChunk(a, last, geminiReasons[a.finish], a.usage.Output)}}
	s.whole = indent([]byte(geminiChunk(a, geminiParts(a, parts), geminiReasons[a.finish], a.usage.Output)))
	return s
}

// geminiParts joins the pieces of a text, as an answer that is not streamed
// has it.
func geminiParts(a *answer, parts []string) string {
	if n := len(a.pieces); n > 1 {
		first := len(parts) - n - len(a.calls)
		parts = slices.Replace(slices.Clone(parts), first, first+n, `{"text": `+quote(a.text())+`}`)
	}
	return strings.Join(parts, ",")
}

// geminiChunk is an answer, or one chunk of it. Its usage counts up.
func geminiChunk(a *answer, parts, reason string, output int64) string {
	if reason != "" {
		reason = `"finishReason": "` + reason + `",`
	}
	content := `"content": {"parts": [` + parts + `],"role": "model"},`
	if parts == "" {
		content = `"content": {"role": "model"},`
	}
	return fmt.Sprintf(`{"candidates": [{%s%s"index": 0}],"usageMetadata": %s,"modelVersion": %s,"responseId": "%s"}`,
		content, reason, geminiUsage(a, min(output, a.usage.Output)), quote(a.model), a.responseID())
}

// geminiUsage is usage as Google counts it: thoughts are not part of the
// candidates.
func geminiUsage(a *answer, output int64) string {
	u := &a.usage
	thoughts := ""
	if u.Reasoning > 0 {
		thoughts = fmt.Sprintf(`,"thoughtsTokenCount": %d`, u.Reasoning)
	}
	return fmt.Sprintf(`{"promptTokenCount": %d,"candidatesTokenCount": %d,"totalTokenCount": %d,"cachedContentTokenCount": %d,"promptTokensDetails": [{"modality": "TEXT","tokenCount": %d}]%s}`,
		u.Input, max(0, output-u.Reasoning), u.Input+output, u.CachedInput, u.Input, thoughts)
}
