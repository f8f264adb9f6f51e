package fakeai

import (
	"fmt"
	"strconv"
	"strings"
)

// responsesScript writes OpenAI's Responses.
func responsesScript(a *answer) *script {
	w := &responsesWriter{a: a, id: a.responseID()}
	s := &script{ping: event{"", ": keep-alive"}}
	w.to = &s.preamble
	w.add("response.created", `"response":`+w.response("in_progress", "", ""))
	w.add("response.in_progress", `"response":`+w.response("in_progress", "", ""))
	opening := &s.preamble
	if a.thinking != "" { // which is content, so nothing after it is preamble
		opening = &s.content
	}
	w.reasoning(&s.content)
	w.text(opening, &s.content, &s.finish)
	w.functionCalls(&s.content)
	w.to = &s.end
	status, kind := "completed", "response.completed"
	if a.finish == finishLength || a.finish == finishRefused {
		status, kind = "incomplete", "response.incomplete"
	}
	whole := w.response(status, strings.Join(w.items, ","), responsesUsage(a))
	w.add(kind, `"response":`+whole)
	s.whole = indent([]byte(whole))
	return s
}

// responsesWriter numbers the events of a stream and collects the items of
// its output.
type responsesWriter struct {
	a     *answer
	id    string
	to    *[]event
	seq   int
	items []string // finished ones
}

func (w *responsesWriter) add(kind, fields string) {
	*w.to = append(*w.to, event{kind, fmt.Sprintf(`{"type":"%s",%s,"sequence_number":%d}`, kind, fields, w.seq)})
	w.seq++
}

// item adds the event that opens or closes an item of the output.
func (w *responsesWriter) item(kind, item string) {
	w.add("response.output_item."+kind, fmt.Sprintf(`"item":%s,"output_index":%d`, item, len(w.items)))
	if kind == "done" {
		w.items = append(w.items, item)
	}
}

// encrypted stands for reasoning that the client gives back.
const encrypted = "gAAAAABfakeencryptedreasoningfakeencryptedreasoning"

func (w *responsesWriter) reasoning(to *[]event) {
	if w.a.thinking == "" {
		return
	}
	w.to = to
	w.item("added", fmt.Sprintf(`{"id":"rs_0%s","type":"reasoning","summary":[]}`, w.a.id))
	w.item("done", fmt.Sprintf(`{"id":"rs_0%s","type":"reasoning","summary":[{"type":"summary_text","text":%s}],"encrypted_content":"%s"}`, w.a.id, quote(w.a.thinking), encrypted))
}

func (w *responsesWriter) text(opening, content, finish *[]event) {
	if len(w.a.pieces) == 0 {
		return
	}
	const part = `{"type":"output_text","annotations":[],"logprobs":[],"text":%s}`
	id := "msg_0" + w.a.id
	message := func(status, content string) string {
		return fmt.Sprintf(`{"id":"%s","type":"message","status":"%s","content":[%s],"role":"assistant"}`, id, status, content)
	}
	place := fmt.Sprintf(`"content_index":0,"item_id":"%s","output_index":%d`, id, len(w.items))
	w.to = opening
	w.item("added", message("in_progress", ""))
	w.add("response.content_part.added", place+`,"part":`+fmt.Sprintf(part, `""`))
	w.to = content
	for _, p := range w.a.pieces {
		w.add("response.output_text.delta", place+`,"delta":`+quote(p)+`,"logprobs":[]`)
	}
	w.to = finish
	text := quote(w.a.text())
	w.add("response.output_text.done", place+`,"text":`+text+`,"logprobs":[]`)
	w.add("response.content_part.done", place+`,"part":`+fmt.Sprintf(part, text))
	w.item("done", message("completed", fmt.Sprintf(part, text)))
}

func (w *responsesWriter) functionCalls(content *[]event) {
	w.to = content
	for _, c := range w.a.calls {
		item := func(status, arguments string) string {
			return fmt.Sprintf(`{"id":"fc_0%s","type":"function_call","status":"%s","arguments":%s,"call_id":"call_%s","name":%s}`,
				c.id, status, quote(arguments), c.id, quote(c.name))
		}
		place := fmt.Sprintf(`"item_id":"fc_0%s","output_index":%d`, c.id, len(w.items))
		w.item("added", item("in_progress", ""))
		for _, p := range split(c.arguments) {
			w.add("response.function_call_arguments.delta", place+`,"delta":`+quote(p))
		}
		w.add("response.function_call_arguments.done", place+`,"arguments":`+quote(c.arguments))
		w.item("done", item("completed", c.arguments))
	}
}

// response is the object that most events and whole answers hold.
func (w *responsesWriter) response(status, output, usage string) string {
	a := w.a
	completed, incomplete := "null", "null"
	switch status {
	case "completed":
		completed = strconv.FormatInt(a.created, 10)
	case "incomplete":
		reason := "max_output_tokens"
		if a.finish == finishRefused {
			reason = "content_filter"
		}
		incomplete = `{"reason":"` + reason + `"}`
	}
	if usage == "" {
		usage = "null"
	}
	previous := "null"
	if a.req.in.Previous != "" {
		previous = quote(a.req.in.Previous)
	}
	return fmt.Sprintf(`{"id":"%s","object":"response","created_at":%d,"status":"%s","background":false,"completed_at":%s,"error":null,"incomplete_details":%s,"instructions":null,"max_output_tokens":null,"model":%s,"output":[%s],"parallel_tool_calls":true,"previous_response_id":%s,"reasoning":{"effort":null,"summary":null},"service_tier":"default","store":%t,"temperature":1.0,"text":{"format":{"type":"text"},"verbosity":"medium"},"tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled","usage":%s,"user":null,"metadata":{}}`,
		w.id, a.created, status, completed, incomplete, quote(a.model), output, previous, stores(a.req), usage)
}

// stores reports whether an answer is to be kept, as it is unless the client
// says otherwise.
func stores(r *Request) bool { return r.in.Store == nil || *r.in.Store }

func responsesUsage(a *answer) string {
	u := &a.usage
	return fmt.Sprintf(`{"input_tokens":%d,"input_tokens_details":{"cached_tokens":%d},"output_tokens":%d,"output_tokens_details":{"reasoning_tokens":%d},"total_tokens":%d}`,
		u.Input, u.CachedInput, u.Output, u.Reasoning, u.Input+u.Output)
}
