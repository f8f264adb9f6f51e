package transfer

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
)

// MaxLines is how many lines a File has at most.
const MaxLines = 50_000

// Line tells what becomes of one thing that stands in another system's file.
type Line struct {
	// Line is where it stands, from 1; 0 in a database.
	Line int `json:"line,omitempty"`
	// From is the thing, as a path of the file such as model_list[3], and what
	// it is called there.
	From string `json:"from"`
	// Becomes is what it is here; empty for what is not taken over.
	Becomes string `json:"becomes,omitempty"`
	// Note says why something is not taken over, or is different here.
	Note string `json:"note,omitempty"`
}

// mover turns the file of another system into ours, and keeps a line of
// everything it finds.
type mover struct {
	*collector
	taken map[string]bool // kinds and names in use
	tried map[string]int  // the last number that was tried with a name
}

func newMover(format string) *mover {
	return &mover{collector: newCollector(format), taken: make(map[string]bool), tried: make(map[string]int)}
}

func (m *mover) line(l Line) {
	if len(m.file.Lines) < MaxLines {
		m.file.Lines = append(m.file.Lines, l)
	}
}

// becomes tells what a thing is here.
func (m *mover) becomes(line int, from, what string, notes ...string) {
	m.line(Line{Line: line, From: from, Becomes: what, Note: joined(notes)})
}

// lost tells that a thing is not taken over.
func (m *mover) lost(line int, from, why string) { m.line(Line{Line: line, From: from, Note: why}) }

// refuse tells that a thing cannot be used, which is a problem of the file.
func (m *mover) refuse(line int, from, name, why string) {
	m.problem(line, CodeUnsupported, name, from, from+": "+why)
	m.lost(line, from, why)
}

// done returns the file with its lines in the order of the file.
func (m *mover) done() *File {
	slices.SortStableFunc(m.file.Lines, func(a, b Line) int { return cmp.Compare(a.Line, b.Line) })
	if len(m.file.Lines) == MaxLines {
		m.file.Notes = append(m.file.Notes, fmt.Sprintf("only the first %d lines of what becomes of the file are kept", MaxLines))
	}
	return m.collector.done()
}

func joined(notes []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(notes), func(s string) bool { return s == "" }), "; ")
}

// name returns a channel's name that fits here and is not in use.
func (m *mover) name(wanted string) string { return m.nameOf(KindChannel, wanted) }

// nameOf returns a name of a kind that fits here and is not in use.
func (m *mover) nameOf(kind, wanted string) string {
	wanted = fitName(strings.ReplaceAll(wanted, "*", "all"))
	if wanted == "" {
		wanted = kind
	}
	if kind == KindToken && wanted == config.Anonymous {
		wanted += " token"
	}
	key := kind + "\x00"
	name := wanted
	for n := max(2, m.tried[key+wanted]); m.taken[key+name]; n++ {
		ending := fmt.Sprintf(" (%d)", n)
		name = cut(wanted, config.MaxName-len(ending)) + ending
		m.tried[key+wanted] = n
	}
	m.taken[key+name] = true
	return name
}

// add takes a channel and tells of it. It reports whether it can be used.
func (m *mover) add(line int, from string, ch Channel, notes ...string) bool {
	before := len(m.file.Problems)
	m.channel(line, ch)
	if len(m.file.Problems) > before {
		m.lost(line, from, m.file.Problems[len(m.file.Problems)-1].Message)
		return false
	}
	m.becomes(line, from, describe(&ch), notes...)
	return true
}

// describe writes a channel in a line, without secrets.
func describe(ch *Channel) string {
	var b strings.Builder
	fmt.Fprintf(&b, "channel %q", told(ch.Name))
	if ch.Disabled {
		b.WriteString(" (disabled)")
	}
	if ch.Provider != "" {
		b.WriteString(", provider " + ch.Provider)
	}
	for _, u := range ch.URLs {
		if base, err := u.Parse(); err == nil {
			b.WriteString(", at " + base.Host())
		}
	}
	if n := len(ch.Keys); n == 1 && config.HasPlaceholder(ch.Keys[0].Secret) {
		b.WriteString(", key " + told(ch.Keys[0].Secret))
	} else if n > 0 {
		fmt.Fprintf(&b, ", %d key%s", n, plural(n))
	}
	switch n := len(ch.Models) + len(ch.ModelNames); {
	case n == 0 && ch.Provider == "", slices.Equal(ch.Models, []string{"*"}), ch.ModelNames["*"] != "":
		b.WriteString(", all models")
	case n == 0:
		b.WriteString(", all models of the provider")
	default:
		fmt.Fprintf(&b, ", %d model%s", n, plural(n))
	}
	if ch.Priority != 0 {
		fmt.Fprintf(&b, ", priority %d", ch.Priority)
	}
	if ch.Weight != nil {
		fmt.Fprintf(&b, ", weight %d", *ch.Weight)
	}
	return b.String()
}

// weightOf is the share of a channel that another system gives a weight. One or
// less is the share that every channel has: 0, which is standby here, is what
// other systems leave where nobody set a weight.
func weightOf(weight int) *int {
	if weight <= 1 {
		return nil
	}
	return new(min(weight, config.MaxWeight))
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// leftOut says which settings of an object are not taken over: those it has
// that are not among known. An empty result is nothing to tell.
func leftOut(n *node, known ...string) string {
	var names []string
	for _, f := range n.object() {
		if f.value.set() && !slices.Contains(known, f.name) {
			names = append(names, strings.Trim(shown(f.name), `"`))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "not taken over: " + strings.Join(names, ", ")
}

// path writes the place of an element with what it is called.
func path(list string, i int, name string) string {
	p := fmt.Sprintf("%s[%d]", list, i)
	if name != "" {
		p += " " + told(name)
	}
	return p
}

// environmentName is what may stand in a placeholder.
var environmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// environment is the placeholder of an environment variable.
func environment(name string) string {
	if !environmentName.MatchString(name) {
		return ""
	}
	return "{env." + name + "}"
}

// errPlaceholder says that a text would be replaced here by something it has
// never stood for.
var errPlaceholder = errors.New("holds what is a placeholder here ({…}): write the value itself")

// plainSecret checks a secret that is taken as it is written.
func plainSecret(s string) error {
	if config.HasPlaceholder(s) {
		return errPlaceholder
	}
	return nil
}

// addKeys adds secrets to a channel, each once.
func addKeys(ch *Channel, secrets ...string) {
	for _, s := range secrets {
		if s != "" && !slices.ContainsFunc(ch.Keys, func(k Key) bool { return k.Secret == s }) {
			ch.Keys = append(ch.Keys, Key{Secret: s})
		}
	}
}

// withoutKey switches a channel off whose key the file does not have.
func withoutKey(ch *Channel) string {
	ch.Disabled = true
	return "its key is not in the file: it is disabled until one is set"
}

// mapModel lets a channel serve a model under the client's name. It reports
// whether the channel has no other model of that name.
func mapModel(ch *Channel, client, upstream string) bool {
	if old, known := ch.ModelNames[client]; known && old != upstream {
		return false
	}
	switch {
	case upstream == "" || upstream == client:
		if !slices.Contains(ch.Models, client) {
			ch.Models = append(ch.Models, client)
		}
	case slices.Contains(ch.Models, client):
		return false
	default:
		if ch.ModelNames == nil {
			ch.ModelNames = make(map[string]string)
		}
		ch.ModelNames[client] = upstream
	}
	return true
}

// setHeaders takes headers that are set on every request. It returns those that
// cannot be.
func setHeaders(ch *Channel, headers *node) string {
	var refused []string
	for _, h := range headers.object() {
		ops := ch.HeaderUp.Clone()
		if ops == nil {
			ops = new(config.HeaderOps)
		}
		if ops.Set == nil {
			ops.Set = make(map[string][]string)
		}
		ops.Set[http.CanonicalHeaderKey(h.name)] = []string{h.value.str()}
		if value := h.value.str(); ops.Validate() != nil || strings.HasPrefix(value, "$") || strings.HasPrefix(value, "os.environ/") || config.HasPlaceholder(value) {
			refused = append(refused, strings.Trim(shown(strings.ReplaceAll(h.name, "-", "_")), `"`))
			continue
		}
		ch.HeaderUp = ops
	}
	if len(refused) == 0 {
		return ""
	}
	return "headers that cannot be set here: " + strings.ReplaceAll(strings.Join(refused, ", "), "_", "-")
}

// setBody takes fields that are set in every request's body. The model among
// them is a line of its own: whatever a client asks for, that one is sent.
func setBody(ch *Channel, fields *node) string {
	var refused []string
	note := ""
	for _, f := range fields.object() {
		if f.name == "model" && f.value.is(nodeText) && f.value.str() != "" {
			ch.ModelNames = map[string]string{"*": f.value.str()}
			note = "whatever model is asked for, the one that is set is sent"
			continue
		}
		field := config.BodyField{Path: f.name, Value: f.value.json()}
		if field.Validate() != nil {
			refused = append(refused, strings.Trim(shown(f.name), `"`))
			continue
		}
		ch.BodySet = append(ch.BodySet, field)
	}
	if len(refused) > 0 {
		refused := "fields of the body that cannot be set here: " + strings.Join(refused, ", ")
		return strings.TrimPrefix(note+"; "+refused, "; ")
	}
	return note
}

// json writes a value as JSON, as its scalars are written.
func (n *node) json() json.RawMessage {
	text, err := json.Marshal(n.any())
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}

func (n *node) any() any {
	if n == nil {
		return nil
	}
	switch n.kind {
	case nodeText:
		return n.text
	case nodeBool:
		on, _ := n.truth()
		return on
	case nodeNumber:
		if json.Valid([]byte(n.text)) {
			return json.Number(n.text)
		}
		v, _ := n.num()
		return v
	case nodeList:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.any()
		}
		return list
	case nodeObject:
		object := make(map[string]any, len(n.fields))
		for _, f := range n.fields {
			object[f.name] = f.value.any()
		}
		return object
	}
	return nil
}

// clientTokens takes keys that clients of the other system present. Their names
// here are name, with a number from the second on.
func (m *mover) clientTokens(from string, list []*node, name string) {
	for i, n := range list {
		secret, at := n.str(), path(from, i, "")
		switch {
		case secret == "":
		case plainSecret(secret) != nil:
			m.refuse(n.at(), at, "", errPlaceholder.Error())
		case len(secret) < config.MinSecret:
			m.lost(n.at(), at, fmt.Sprintf("a token's secret has at least %d characters here: make one with caddy ccload token create", config.MinSecret))
		default:
			own := m.nameOf(KindToken, name)
			before := len(m.file.Problems)
			m.token(n.at(), Token{Token: config.Token{Name: own, Secret: secret}})
			if len(m.file.Problems) > before {
				m.lost(n.at(), at, m.file.Problems[len(m.file.Problems)-1].Message)
			} else {
				m.becomes(n.at(), at, fmt.Sprintf("token %q: clients go on with the same key", own))
			}
		}
	}
}

// told is a name of the file as a line tells it.
func told(name string) string { return ai.Shorten(name, maxTold) }
