package responses_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/ccload/ccload/protocol/responses"
)

const (
	madeID  = "resp_cclabcdefghijklmnopqrstuvwxyz"
	outItem = "msg_cclabcdefghijklmnopqrstuvwxyz1"
)

func TestMadeByTranslation(t *testing.T) {
	for _, row := range []struct {
		id, response string
		made         bool
	}{
		{madeID, madeID, true},
		{outItem, madeID, true},
		{"fc_cclabcdefghijklmnopqrstuvwxyzin12", madeID, true},
		{"resp_68a0c1d2e3f468a0c1d2e3f468a0c1d2e3f468a0c1d2e3f4", "", false},
		{"resp_ccl", "", false},
		{"cclabcdefghijklmnopqrstuvwxyz", "", false},
		{"", "", false},
	} {
		if response, made := responses.MadeByTranslation(row.id); response != row.response || made != row.made {
			t.Errorf("%q: %q, %v", row.id, response, made)
		}
	}
}

// TestExpand: what a request refers to is written out in its place, and the rest
// of it stays.
func TestExpand(t *testing.T) {
	kept, err := responses.Keep([]byte(`{"model":"m","input":"one"}`), []byte(`{"id":"`+madeID+`","output":[{"id":"`+outItem+`","type":"message","role":"assistant","content":[]}]}`), "")
	if err != nil {
		t.Fatal(err)
	}
	find := func(id string) *responses.Kept {
		if id == madeID {
			return kept
		}
		return nil
	}
	const first, made = `"text":"one"`, `"id":"` + outItem + `","type":"message"`
	for _, row := range []struct {
		name, body string
		chain      bool
		want       []string // in order; nil: an item is missing
	}{
		{"continued", `{"model":"m","previous_response_id":"` + madeID + `","input":"two"}`, true, []string{`"model":"m"`, first, made, `"text":"two"`}},
		{"continued without input", `{"previous_response_id":"` + madeID + `"}`, true, []string{first, made}},
		{"a reference", `{"input":[{"role":"user","content":"a"},{"type":"item_reference","id":"` + outItem + `"},{"role":"user","content":"b"}],"store":true}`, false, []string{`"store":true`, `"a"`, made, `"b"`}},
		{"a reference without a type", `{"input":[{"id":"` + outItem + `"}]}`, false, []string{made}},
		{"of what was sent", `{"input":[{"type":"item_reference","id":"msg_` + madeID[len("resp_"):] + `in0"}]}`, false, []string{first}},
		{"an upstream's", `{"previous_response_id":"resp_1","input":[{"type":"item_reference","id":"msg_1"}]}`, false, []string{`"resp_1"`, `"item_reference","id":"msg_1"`}},
		{"no such item", `{"input":[{"type":"item_reference","id":"` + outItem + `7"}]}`, false, nil},
		{"no such response", `{"input":[{"type":"item_reference","id":"msg_cclzzzdefghijklmnopqrstuvwxyz1"}]}`, false, nil},
	} {
		var chain []*responses.Kept
		if row.chain {
			chain = []*responses.Kept{kept}
		}
		got, err := responses.Expand([]byte(row.body), chain, find)
		if missing, ok := errors.AsType[*responses.MissingError](err); row.want == nil {
			if !ok || missing.Field != "input[0].id" {
				t.Errorf("%s: %s, %v", row.name, got, err)
			}
			continue
		}
		if err != nil || !json.Valid(got) || row.chain && strings.Contains(string(got), "previous_response_id") {
			t.Errorf("%s: %s, %v", row.name, got, err)
		}
		rest := string(got)
		for _, text := range row.want {
			_, after, found := strings.Cut(rest, text)
			if rest = after; !found {
				t.Errorf("%s: %q is not in its place in %s", row.name, text, got)
			}
		}
	}
}

// FuzzKept: whatever a client sends, what is kept and written out is JSON.
func FuzzKept(f *testing.F) {
	f.Add([]byte(`{"input":"one","previous_response_id":"` + madeID + `"}`))
	f.Add([]byte(`{"input":[{"id":"` + outItem + `"},1,null,{}, {"id":null,"role":"user"}],"\u0069nput":2}`))
	f.Add([]byte(`{ }`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if !json.Valid(body) {
			return
		}
		kept, err := responses.Keep(body, []byte(`{"id":"`+madeID+`","output":[]}`), "")
		if err != nil {
			return
		}
		if !json.Valid(kept.Input) {
			t.Fatalf("kept: %s", kept.Input)
		}
		find := func(string) *responses.Kept { return kept }
		if out, err := responses.Expand(body, []*responses.Kept{kept}, find); err == nil && !json.Valid(out) {
			t.Fatalf("written out: %s", out)
		}
		if page := responses.InputPage(kept.Items(find), responses.Page{Limit: 3}); !json.Valid(page) {
			t.Fatalf("page: %s", page)
		}
	})
}
