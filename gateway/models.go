package gateway

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/routing"
)

// IsList reports whether the call asks which models there are.
func (c *Call) IsList() bool {
	return c.Operation == ai.ListModels || c.Operation == ai.GetModel
}

// ListModels answers with the models this token may use, in the shape of the
// client's protocol.
func (c *Call) ListModels() error {
	format := modelListFormat(c.match.Format, c.r.Header)
	c.match.Format, c.Protocol = format, format.ID()
	models := c.usableModels()
	var body []byte
	if c.Operation == ai.GetModel {
		i := slices.IndexFunc(models, func(m protocol.Model) bool { return m.ID == c.match.variable })
		if i < 0 {
			return c.Refuse(&protocol.RequestError{
				Status: http.StatusNotFound, Code: "model_not_found", Param: "model",
				Message: "there is no model " + strconv.Quote(ai.Shorten(c.match.variable, 200)) + " for this token",
			})
		}
		body = format.WriteModel(c.r, models[i])
	} else {
		body = format.WriteModels(c.r, models)
	}
	header := c.w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(http.StatusOK)
	if c.r.Method != http.MethodHead {
		n, _ := c.w.Write(body)
		c.Record.AnswerBytes = int64(n)
	}
	c.end(ai.OK, http.StatusOK, "")
	return nil
}

// usableModels lists what the token may ask for: names written in the config,
// also those of the token itself that a channel serves, and what upstreams list
// of the patterns their channels serve.
func (c *Call) usableModels() []protocol.Model {
	r := c.snapshot.table
	found := make(map[string]protocol.Model)
	add := func(id, owner string, created int64) {
		m, known := found[id]
		if !known && !c.token.MayUseModel(id) {
			return
		}
		if !known {
			m = protocol.Model{ID: id, OwnedBy: owner, Created: dateOfName(id)}
		}
		if created > 0 {
			m.Created = created
		}
		found[id] = m
	}
	var usable []*routing.Channel
	for _, ch := range r.Channels {
		if !ch.Conf.Disabled && !ch.Keyless && c.token.MayUseChannel(ch.Name) {
			usable = append(usable, ch)
		}
	}
	upstream := c.site.gateway.State.modelLists.fetch(c.r.Context(), usable, c.snapshot.transports)
	for i, ch := range usable {
		owner := ch.Conf.Provider
		if owner == "" {
			owner = "ccload"
		}
		for _, name := range ch.Patterns() {
			if !access.IsPattern(name) {
				add(name, owner, 0)
			}
		}
		for _, m := range upstream[i] {
			if ch.Served.Match(m.name) {
				add(m.name, owner, m.created)
			}
		}
	}
	for name := range c.token.Models() {
		if servedBy(usable, name) {
			add(name, "ccload", 0)
		}
	}
	for name, models := range r.Aliases {
		if !access.IsPattern(name) && slices.ContainsFunc(models, func(m string) bool { return servedBy(usable, m) }) {
			add(name, "ccload", 0)
		}
	}
	models := make([]protocol.Model, 0, len(found))
	for _, m := range found {
		models = append(models, m)
	}
	slices.SortFunc(models, func(a, b protocol.Model) int { return strings.Compare(a.ID, b.ID) })
	return models
}

// dateOfName is when a model was made by the date at the end of its name, in
// unix seconds; 0 if there is none.
func dateOfName(name string) int64 {
	date := routing.TrailingDate(name)
	if date == 0 {
		return 0
	}
	t, err := time.Parse("20060102", strconv.Itoa(date))
	if err != nil {
		return 0
	}
	return t.Unix()
}

func servedBy(channels []*routing.Channel, model string) bool {
	return slices.ContainsFunc(channels, func(ch *routing.Channel) bool { return ch.Served.Match(model) })
}

// usableNames are the written-out names a token may use, for suggestions.
func usableNames(table *routing.Table, token *access.Token) []string {
	var names []string
	for _, name := range table.Names {
		if token.MayUseModel(name) {
			names = append(names, name)
		}
	}
	return names
}
