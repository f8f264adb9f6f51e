package health

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// failureOf reads the common shapes of error bodies. The real parser lives in a
// package of the same layer; this one knows just enough for the samples.
func failureOf(body []byte) (f ai.Failure) {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return f
	}
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
	}
	m, ok := v.(map[string]any)
	if !ok {
		return f
	}
	if r, ok := m["response"].(map[string]any); ok {
		m = r
	}
	text := func(m map[string]any, names ...string) string {
		for _, name := range names {
			switch v := m[name].(type) {
			case string:
				return v
			case float64:
				return strconv.FormatFloat(v, 'f', -1, 64)
			}
		}
		return ""
	}
	inner, ok := m["error"].(map[string]any)
	if !ok {
		f.Code = text(m, "code", "error_type")
		if f.Message = text(m, "message", "error", "detail"); text(m, "message") != "" && text(m, "error") != "" {
			f.Code = text(m, "error")
		}
		return f
	}
	f.Type, f.Code, f.Message, f.Param = text(inner, "type", "status"), text(inner, "code"), text(inner, "message"), text(inner, "param")
	f.Status, _ = strconv.Atoi(f.Code)
	if f.Status < 400 || f.Status > 599 {
		f.Status = 0
	}
	details, _ := inner["details"].([]any)
	for _, d := range details {
		d, _ := d.(map[string]any)
		if s := text(d, "retryDelay"); s != "" {
			f.RetryAfter, _ = time.ParseDuration(s)
		}
		violations, _ := d["violations"].([]any)
		for _, v := range violations {
			v, _ := v.(map[string]any)
			f.Model = f.Model || strings.Contains(text(v, "quotaId"), "PerModel")
		}
	}
	if strings.HasPrefix(strings.TrimSpace(f.Message), "{") {
		if again := failureOf([]byte(f.Message)); again.Message != "" {
			return again
		}
	}
	return f
}

// answer is evidence of an error answer.
func answer(status int, body string, headers ...string) *Evidence {
	e := &Evidence{Status: status, Header: header(headers...), Body: []byte(body), Failure: failureOf([]byte(body))}
	if status/100 == 2 {
		e.Kind = ai.SoftError
	}
	return e
}

func header(pairs ...string) http.Header {
	h := make(http.Header)
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// readLines decodes a file of one JSON value per line.
func readLines[T any](t *testing.T, name string) (list []T) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, v)
	}
	return list
}
