package responses

import (
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openaikit"
	"github.com/ccload/ccload/protocol/schema"
)

// promptWriter writes one request.
type promptWriter struct {
	protocol.Writer
	p      *protocol.Prompt
	model  string
	traits traits
	hints  []string
	err    error
}

func (w *promptWriter) hintIf(said bool, field string) {
	if said && !slices.Contains(w.hints, field) {
		w.hints = append(w.hints, field)
	}
}

func (w *promptWriter) cannot(field string) {
	if w.err == nil {
		w.err = &protocol.InexpressibleError{Protocol: ai.Responses, Field: field}
	}
}

// EncodePrompt writes a request to /v1/responses. Nothing is stored upstream:
// reasoning goes back and forth encrypted instead.
func (Format) EncodePrompt(p *protocol.Prompt, model string) (*protocol.Outbound, error) {
	p, names := p.Fit(limits)
	w := promptWriter{p: p, model: model, traits: traitsOf(model)}
	w.Open('{')
	w.Text("model", model)
	w.Key("input")
	w.input()
	w.tools()
	w.settings()
	w.reasoning()
	w.text()
	w.Key("store")
	w.Bool(false)
	w.include()
	if p.Stream {
		w.Key("stream")
		w.Bool(true)
	}
	w.Close('}')
	if w.err != nil {
		return nil, w.err
	}
	return &protocol.Outbound{Body: w.B, Hints: w.hints, Names: names}, nil
}

func (w *promptWriter) settings() {
	p := w.p
	if p.MaxOutput > 0 {
		most := openaikit.MaxOutput(w.model, p.MaxOutput)
		w.hintIf(most < p.MaxOutput, "max_tokens above the model's most")
		w.Number("max_output_tokens", max(most, 16)) // the least the API takes
	}
	if len(p.Stop) > 0 {
		w.cannot("stop sequences")
	}
	for _, kind := range p.Kinds {
		if kind != "text" {
			w.cannot("modalities " + kind)
		}
	}
	w.hintIf(p.TopK != nil, "top_k")
	w.hintIf(p.Seed != nil, "seed")
	w.hintIf(p.Frequency != nil, "frequency_penalty")
	w.hintIf(p.Presence != nil, "presence_penalty")
	if w.traits.reasons { // "Unsupported parameter"
		w.hintIf(p.Temperature != nil, "temperature")
		w.hintIf(p.TopP != nil, "top_p")
	} else {
		w.FloatIf("temperature", p.Temperature)
		w.FloatIf("top_p", p.TopP)
	}
	if p.Logprobs > 0 {
		if w.traits.reasons {
			w.cannot("logprobs on a reasoning model")
		}
		w.Number("top_logprobs", int64(p.Logprobs-1))
	}
	if p.Tier != "" {
		w.Text("service_tier", p.Tier)
	}
	user := p.UserFor(maxUser, false)
	w.hintIf(user != p.User, "user")
	w.TextIf("safety_identifier", user)
}

func (w *promptWriter) include() {
	var list []string
	if w.traits.reasons {
		list = append(list, "reasoning.encrypted_content")
	}
	if w.p.Logprobs > 0 {
		list = append(list, "message.output_text.logprobs")
	}
	if len(list) > 0 {
		w.Key("include")
		w.Strings(list)
	}
}

func (w *promptWriter) reasoning() {
	t := &w.p.Thinking
	effort := t.Effort
	if effort == "" {
		effort = protocol.EffortOf(t.Budget)
	}
	if effort != "" {
		effort = protocol.EffortUpTo(effort, w.traits.efforts...)
	}
	if t.Mode == protocol.ThinkingOff {
		effort = w.traits.off
		if least := w.traits.efforts; effort == "" && len(least) > 0 {
			effort = least[0] // as little as there is
		}
		w.hintIf(w.traits.off == "" && w.traits.reasons, "thinking off")
	}
	if !w.traits.reasons && len(w.traits.efforts) == 0 {
		w.hintIf(t.Mode == protocol.ThinkingOn, "thinking")
		return
	}
	show := t.Show
	if show == "" && t.Mode == protocol.ThinkingOn {
		show = "summary" // clients of the other formats see thoughts by default
	}
	summary := map[string]string{"summary": "auto", "detailed": "detailed"}[show]
	if effort == "" && summary == "" {
		return
	}
	w.Key("reasoning")
	w.Open('{')
	w.TextIf("effort", effort)
	w.TextIf("summary", summary)
	w.Close('}')
}

func (w *promptWriter) text() {
	o := &w.p.Output
	if !o.JSON && o.Verbosity == "" {
		return
	}
	w.Key("text")
	w.Open('{')
	w.TextIf("verbosity", o.Verbosity)
	switch {
	case o.Schema != nil:
		w.Key("format")
		w.Open('{')
		w.Text("type", "json_schema")
		name := o.Name
		if name == "" {
			name = "answer" // it must have one
		}
		w.Text("name", name)
		w.TextIf("description", o.About)
		w.JSONIf("schema", schema.Clean(o.Schema, schemas))
		w.Key("strict")
		w.Bool(o.Strict != nil && *o.Strict)
		w.Close('}')
	case o.JSON:
		w.Key("format")
		w.Raw([]byte(`{"type":"json_object"}`))
	}
	w.Close('}')
}

func (w *promptWriter) tools() {
	if len(w.p.Tools) == 0 {
		return
	}
	w.Key("tools")
	w.Open('[')
	for i := range w.p.Tools {
		w.tool(&w.p.Tools[i])
	}
	w.Close(']')
	w.choice()
	if w.p.Parallel != nil {
		w.Key("parallel_tool_calls")
		w.Bool(*w.p.Parallel)
	}
}

func (w *promptWriter) tool(t *protocol.Tool) {
	w.hintIf(t.Cache != "", "cache marks")
	w.Open('{')
	switch t.Kind {
	case protocol.WebSearch:
		w.Text("type", "web_search")
		if len(t.NotDomains) > 0 {
			w.cannot("web search without certain domains")
		}
		w.hintIf(t.MaxSearches > 0, "web_search.max_uses")
		if len(t.Domains) > 0 {
			w.Key("filters")
			w.Open('{')
			w.Key("allowed_domains")
			w.Strings(t.Domains)
			w.Close('}')
		}
		if l := t.Location; l != nil {
			w.Key("user_location")
			w.Open('{')
			w.Text("type", "approximate")
			l.Write(&w.Writer)
			w.Close('}')
		}
	case protocol.Hosted:
		w.cannot("tool " + t.Name)
	case protocol.Custom:
		w.Text("type", "custom")
		w.Text("name", t.Name)
		w.TextIf("description", t.Description)
		w.JSONIf("format", t.Grammar)
	case protocol.Function:
		w.Text("type", "function")
		w.Text("name", t.Name)
		mended, ok := schema.Tool(t.Schema, schemas)
		if !ok {
			w.cannot("schema of the tool " + t.Name)
		}
		w.hintIf(mended.Loose, "tools.schema")
		w.TextIf("description", protocol.Paragraphs(t.Description, mended.Rule))
		w.JSONIf("parameters", mended.Schema)
		wanted := t.Strict != nil && *t.Strict
		strict := wanted && !mended.Loose && schema.Strict(mended.Schema)
		w.hintIf(strict != wanted, "tools.strict")
		// The API takes a tool for strict if nothing is said; the others do not.
		w.Key("strict")
		w.Bool(strict)
	}
	w.Close('}')
}

func (w *promptWriter) choice() {
	c := &w.p.Choice
	mode := map[protocol.ChoiceMode]string{
		protocol.ChoiceAuto: "auto", protocol.ChoiceNone: "none", protocol.ChoiceAny: "required",
	}[c.Mode]
	switch {
	case c.Mode == protocol.ChoiceTool:
		kind := "function"
		if t := w.p.ToolNamed(c.Names[0]); t != nil && t.Kind == protocol.Custom {
			kind = "custom"
		}
		w.Key("tool_choice")
		w.Open('{')
		if c.Names[0] == "web_search" {
			w.Text("type", "web_search")
		} else {
			w.Text("type", kind)
			w.Text("name", c.Names[0])
		}
		w.Close('}')
	case len(c.Names) > 0:
		w.Key("tool_choice")
		w.Open('{')
		w.Text("type", "allowed_tools")
		w.Text("mode", mode)
		w.Key("tools")
		w.Open('[')
		for _, name := range c.Names {
			w.Open('{')
			w.Text("type", "function")
			w.Text("name", name)
			w.Close('}')
		}
		w.Close(']')
		w.Close('}')
	default:
		w.TextIf("tool_choice", mode)
	}
}

// input writes the conversation as items.
func (w *promptWriter) input() {
	w.Open('[')
	for i := range w.p.Turns {
		w.turn(&w.p.Turns[i])
	}
	w.Close(']')
}

// turn writes a turn. What stands in messages is collected until something
// comes that is an item of its own.
func (w *promptWriter) turn(t *protocol.Turn) {
	var pending []protocol.Part
	flush := func() {
		if len(pending) > 0 {
			w.message(t.Role, pending)
			pending = nil
		}
	}
	for i := range t.Parts {
		part := &t.Parts[i]
		w.hintIf(part.Cache != "", "cache marks")
		switch part.Kind {
		case protocol.Call:
			flush()
			w.call(part.Call)
		case protocol.Result:
			flush()
			w.result(part.Back)
		case protocol.Thought:
			flush()
			w.thought(part)
		case protocol.Search:
			w.hintIf(true, "search history")
		default:
			pending = append(pending, *part)
		}
	}
	flush()
}

func (w *promptWriter) message(role protocol.Role, parts []protocol.Part) {
	name := map[protocol.Role]string{
		protocol.User: "user", protocol.Assistant: "assistant", protocol.System: "system", protocol.Developer: "developer",
	}[role]
	w.Open('{')
	w.Text("type", "message")
	w.Text("role", name)
	w.Key("content")
	w.content(parts, role == protocol.Assistant)
	w.Close('}')
}

func (w *promptWriter) content(parts []protocol.Part, output bool) {
	w.Open('[')
	for i := range parts {
		w.part(&parts[i], output)
	}
	w.Close(']')
}

func (w *promptWriter) part(part *protocol.Part, output bool) {
	m := part.Media
	if m != nil && m.FileID != "" {
		w.cannot("files uploaded elsewhere")
	}
	if output && m != nil {
		w.cannot("media in the model's turn")
		return
	}
	kind := "input_text"
	if output {
		kind = "output_text"
	}
	switch part.Kind {
	case protocol.Text:
		w.Open('{')
		w.Text("type", kind)
		w.Text("text", part.Text)
	case protocol.Refusal:
		w.Open('{')
		w.Text("type", "refusal")
		w.Text("refusal", part.Text)
	case protocol.Image:
		w.Open('{')
		w.Text("type", "input_image")
		w.Text("image_url", urlOf(m))
		if m.Detail != "" {
			w.Text("detail", m.Detail)
		}
	case protocol.Document:
		w.document(m)
		return
	default:
		w.cannot(map[protocol.PartKind]string{protocol.Audio: "audio", protocol.Video: "video"}[part.Kind])
		return
	}
	w.Close('}')
}

func urlOf(m *protocol.Media) string {
	if m.URL != "" {
		return m.URL
	}
	return m.DataURL()
}

func (w *promptWriter) document(m *protocol.Media) {
	w.Open('{')
	switch {
	case m.Plain != "":
		text := m.Plain
		if m.Name != "" {
			text = m.Name + "\n\n" + text
		}
		w.Text("type", "input_text")
		w.Text("text", text)
	case m.URL != "":
		w.Text("type", "input_file")
		w.Text("file_url", m.URL)
	default:
		name := m.Name
		if name == "" {
			name = "document" + extension(m.Type) // it must have one
		}
		w.Text("type", "input_file")
		w.Text("filename", name)
		w.Text("file_data", m.DataURL())
	}
	w.Close('}')
}

func extension(mediaType string) string {
	switch mediaType {
	case "text/plain":
		return ".txt"
	case "text/markdown":
		return ".md"
	case "text/csv":
		return ".csv"
	case "text/html":
		return ".html"
	case "application/json":
		return ".json"
	}
	return ".pdf"
}

func (w *promptWriter) call(call *protocol.ToolCall) {
	w.Open('{')
	if call.Custom {
		w.Text("type", "custom_tool_call")
		w.Text("call_id", call.ID)
		w.Text("name", call.Name)
		w.Text("input", call.Arguments)
	} else {
		arguments := call.Arguments
		if strings.TrimSpace(arguments) == "" {
			arguments = "{}"
		}
		w.Text("type", "function_call")
		w.Text("call_id", call.ID)
		w.Text("name", call.Name)
		w.Text("arguments", arguments)
	}
	w.Close('}')
}

func (w *promptWriter) result(r *protocol.ToolResult) {
	kind := "function_call_output"
	if w.customCall(r.ID) {
		kind = "custom_tool_call_output"
	}
	parts := r.SaidAsText()
	w.Open('{')
	w.Text("type", kind)
	w.Text("call_id", r.ID)
	w.Key("output")
	if text, all := protocol.PlainText(parts); all {
		w.String(text)
	} else {
		w.content(parts, false)
	}
	w.Close('}')
}

// customCall reports whether the call of an id had free text.
func (w *promptWriter) customCall(id string) bool {
	for i := range w.p.Turns {
		for j := range w.p.Turns[i].Parts {
			if call := w.p.Turns[i].Parts[j].Call; call != nil && call.Custom && call.ID == id {
				return true
			}
		}
	}
	return false
}
