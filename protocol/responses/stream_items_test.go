package responses_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/responses"
)

type object = map[string]any

// events is a stream of these events, between the beginning of a response and
// its end, which has the output.
func events(output []object, list ...object) []byte {
	var b strings.Builder
	put := func(e object) {
		text, _ := json.Marshal(e)
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", e["type"], text)
	}
	put(object{"type": "response.created", "response": object{"id": "resp_1", "model": "m", "status": "in_progress", "output": []any{}}})
	for _, e := range list {
		put(e)
	}
	put(object{"type": "response.completed", "response": object{
		"id": "resp_1", "model": "m", "status": "completed", "output": output,
		"usage": object{"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
	}})
	return []byte(b.String())
}

func with(base, more object) object {
	out := make(object, len(base)+len(more))
	maps.Copy(out, base)
	for k, v := range more {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

func callItem(name string) object {
	return object{"type": "function_call", "id": "fc_" + name, "call_id": name, "name": "read", "arguments": `{"path":"` + name + `"}`}
}

func thoughtItem(text string) object {
	return object{"type": "reasoning", "id": "rs_" + text, "summary": []object{{"type": "summary_text", "text": text}}, "encrypted_content": "sig-" + text}
}

func messageItem(text string) object {
	return object{"type": "message", "id": "msg_" + text, "role": "assistant", "content": []object{{"type": "output_text", "text": text, "annotations": []any{}}}}
}

// began, grew and finished are the events of an item at an index; below 0 they
// have none.
func began(index int, item object) object {
	empty := with(item, nil)
	switch item["type"] {
	case "function_call":
		empty["arguments"] = ""
	case "reasoning":
		empty = with(empty, object{"summary": []any{}, "encrypted_content": nil})
	default:
		empty["content"] = []any{}
	}
	return at(index, object{"type": "response.output_item.added", "item": empty})
}

func finished(index int, item object) object {
	return at(index, object{"type": "response.output_item.done", "item": item})
}

func grew(index int, item object, text string) object {
	name := map[string]string{
		"function_call": "response.function_call_arguments.delta", "reasoning": "response.reasoning_summary_text.delta", "message": "response.output_text.delta",
	}[item["type"].(string)]
	return at(index, object{"type": name, "item_id": item["id"], "content_index": 0, "summary_index": 0, "delta": text})
}

func at(index int, e object) object {
	if index >= 0 {
		e["output_index"] = index
	}
	return e
}

// without leaves out a member of events, and of the items in them.
func without(name string, list ...object) []object {
	out := make([]object, 0, len(list))
	for _, e := range list {
		e = with(e, object{name: nil})
		if item, ok := e["item"].(object); ok && name == "item_id" {
			e["item"] = with(item, object{"id": nil})
		}
		out = append(out, e)
	}
	return out
}

func outline(r *protocol.Reply) []string {
	var lines []string
	for i := range r.Parts {
		part := &r.Parts[i]
		if part.Call != nil {
			lines = append(lines, part.Call.ID+" "+part.Call.Name+part.Call.Arguments)
			continue
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d %s %s", part.Kind, part.Text, part.Signature)))
	}
	return lines
}

// TestStreamedItems: whatever a vendor tells of the place of its events, and in
// whatever order, each item comes once and whole.
func TestStreamedItems(t *testing.T) {
	t.Parallel()
	a, b, rs, msg, more := callItem("a"), callItem("b"), thoughtItem("hm"), messageItem("fine"), messageItem("too")
	both := []string{`a read{"path":"a"}`, `b read{"path":"b"}`}
	thoughtAndText := []string{"7 hm sig-hm", "0 fine"}
	l, r := a["arguments"].(string), b["arguments"].(string)
	usual := func(i int, item object, text string) []object {
		return []object{began(i, item), grew(i, item, text[:1]), grew(i, item, text[1:]), finished(i, item)}
	}
	join := func(lists ...[]object) (all []object) {
		for _, list := range lists {
			all = append(all, list...)
		}
		return all
	}
	inTurn := join(usual(0, rs, "hm"), usual(1, a, l), usual(2, b, r), usual(3, msg, "fine"))
	interleaved := []object{began(0, a), grew(0, a, l[:3]), began(1, b), grew(1, b, r[:3]), grew(0, a, l[3:]), grew(1, b, r[3:]), finished(0, a), finished(1, b)}
	for _, test := range []struct {
		name   string
		output []object
		events []object
		want   []string
	}{
		{"one after the other", []object{rs, a, b, msg}, inTurn, []string{"7 hm sig-hm", both[0], both[1], "0 fine"}},
		{"both begin first", []object{a, b}, []object{began(0, a), began(1, b), grew(0, a, l), grew(1, b, r), finished(0, a), finished(1, b)}, both},
		{"both begin first, the second ends first", []object{a, b}, []object{began(0, a), began(1, b), grew(1, b, r), finished(1, b), grew(0, a, l), finished(0, a)}, both},
		{"interleaved", []object{a, b}, interleaved, both},
		{"interleaved without output_index", []object{a, b}, without("output_index", interleaved...), both},
		{"interleaved without item_id", []object{a, b}, without("item_id", interleaved...), both},
		{"without output_index", []object{rs, a, b, msg}, without("output_index", inTurn...), []string{"7 hm sig-hm", both[0], both[1], "0 fine"}},
		{"without item_id", []object{rs, a, b, msg}, without("item_id", inTurn...), []string{"7 hm sig-hm", both[0], both[1], "0 fine"}},
		{"without both", []object{rs, a, b, msg}, without("item_id", without("output_index", inTurn...)...), []string{"7 hm sig-hm", both[0], both[1], "0 fine"}},
		{"all on output_index 0", []object{rs, msg, more}, join(usual(0, rs, "hm"), usual(0, msg, "fine"), usual(0, more, "too")), []string{"7 hm sig-hm", "0 fine", "0 too"}},
		{"another id in each event", []object{rs, msg}, []object{
			began(0, rs), grew(0, with(rs, object{"id": "x1"}), "hm"), finished(0, with(rs, object{"id": "x2"})),
			began(1, msg), grew(1, with(msg, object{"id": "x3"}), "fine"), finished(1, with(msg, object{"id": "x4"})),
		}, thoughtAndText},
		{"no beginnings", []object{rs, msg}, []object{grew(0, rs, "hm"), finished(0, rs), grew(1, msg, "fine"), finished(1, msg)}, thoughtAndText},
		{"ends only", []object{rs, a, msg}, []object{finished(0, rs), finished(1, a), finished(2, msg)}, []string{"7 hm sig-hm", both[0], "0 fine"}},
		{"no ends", []object{rs, a, msg}, []object{began(0, rs), grew(0, rs, "hm"), began(1, a), grew(1, a, l), began(2, msg), grew(2, msg, "fine")}, []string{"7 hm", both[0], "0 fine", "7  sig-hm"}},
		{"a call that only begins", []object{a, b}, []object{began(0, a), began(1, b), grew(1, b, r)}, both},
		{"nothing before the end", []object{rs, a, b, msg}, nil, []string{"7 hm sig-hm", both[0], both[1], "0 fine"}},
		{"some before the end", []object{rs, a, b, msg}, usual(0, rs, "hm"), []string{"7 hm sig-hm", both[0], both[1], "0 fine"}},
		{"told once more", []object{a}, join(usual(0, a, l), []object{finished(0, a), began(0, a), grew(0, a, l)}), both[:1]},
		{"nothing at the end", nil, inTurn, []string{"7 hm sig-hm", both[0], both[1], "0 fine"}},
		{"the name only at the end", []object{a}, []object{began(0, with(a, object{"name": ""})), grew(0, a, l), finished(0, a)}, both[:1]},
		{"a text between", []object{a, msg}, []object{began(0, a), grew(0, a, l[:3]), began(1, msg), grew(1, msg, "fi"), grew(0, a, l[3:]), grew(1, msg, "ne"), finished(0, a), finished(1, msg)}, []string{both[0], "0 fine"}},
		{"an emoji in halves", nil, []object{began(0, msg), grew(0, msg, "HIGH"), grew(0, msg, "LOW!"), finished(0, with(msg, object{"content": []object{{"type": "output_text", "text": "😀!"}}}))}, []string{"0 😀!"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := events(test.output, test.events...)
			body = []byte(strings.NewReplacer(`"HIGH"`, `"\ud83d"`, `"LOW!"`, `"\ude00!"`).Replace(string(body)))
			whole, _ := codectest.Decode(t, test.name, responses.Format{}, body, false, len(body))
			if diff := cmp.Diff(test.want, outline(&whole.Reply)); diff != "" {
				t.Error(diff)
			}
			for _, client := range []protocol.Codec{anthropic.Format{}, openai.Format{}, gemini.Format{}} {
				codectest.Through(t, client, responses.Format{}, body, &whole.Reply)
			}
		})
	}
}
