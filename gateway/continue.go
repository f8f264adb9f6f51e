package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/responses"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// This file serves clients that refer to responses that translations made.

// continued is what a request was before the conversation was written out.
type continued struct {
	body     []byte
	previous string
	uses     []string
}

// keepsResponses reports whether responses are kept for the call's client.
func keepsResponses(c *Call) bool {
	_, refers := c.match.Format.(responses.Format)
	return refers && c.token != nil && !c.snapshot.table.ResponsesStore.Disabled
}

// madeMark stands in all ids that translations make.
var madeMark = []byte("_ccl")

// writingTime is how long a response may be on its way into the store: a client
// whose next request meets another node may be quicker.
const writingTime = 150 * time.Millisecond

// writeOut writes out a conversation that the client only refers to, so that any
// channel can serve it.
func writeOut(c *Call) error {
	if c.Operation == ai.StoredResponse || !keepsResponses(c) || !bytes.Contains(c.body.bytes, madeMark) {
		return nil
	}
	body := c.body.bytes
	previous, others := responses.Refers(body)
	if previous == "" && len(others) == 0 {
		return nil
	}
	var chain []*responses.Kept
	var problem error
	known := make(map[string]*responses.Kept)
	if previous != "" {
		chain, problem = keptResponses(c, previous, true)
		if errors.Is(problem, store.ErrNotFound) && pause(c.r.Context(), writingTime) {
			chain, problem = keptResponses(c, previous, true)
		}
		if problem != nil {
			return notKept(c, problem, "previous_response_id", previous)
		}
		slices.Reverse(chain)
		for _, k := range chain {
			known[k.ID] = k
		}
	}
	whole, err := responses.Expand(body, chain, func(id string) *responses.Kept {
		k, ok := known[id]
		if !ok {
			if list, err := keptResponses(c, id, false); err == nil {
				k = list[0]
			} else if !errors.Is(err, store.ErrNotFound) {
				problem = err
			}
			known[id] = k
		}
		return k
	})
	if missing, ok := errors.AsType[*responses.MissingError](err); ok {
		if problem == nil {
			problem = store.ErrNotFound
		}
		return notKept(c, problem, missing.Field, missing.ID)
	}
	if err != nil {
		return protocol.BadRequest("input", "the input cannot be read: "+err.Error())
	}
	if int64(len(whole)) > c.site.Limits.MaxBody {
		return &protocol.RequestError{
			Status: http.StatusRequestEntityTooLarge, Code: "conversation_too_large", Param: "previous_response_id",
			Message: fmt.Sprintf("the conversation that the request refers to has %d bytes, and a request may have %d: begin a new one", len(whole), c.site.Limits.MaxBody),
		}
	}
	c.continued = &continued{body: slices.Clone(body), previous: previous}
	for id, k := range known {
		if k != nil {
			c.continued.uses = append(c.continued.uses, id)
		}
	}
	slices.Sort(c.continued.uses) // so that nodes which write at once lock in one order
	written := newBody(len(whole))
	written.bytes = append(written.bytes, whole...)
	c.body.release()
	c.body = written
	return nil
}

// keptResponses finds a response of the call's token and, for a chain, those
// that it continues, the newest first.
func keptResponses(c *Call, id string, chain bool) (list []*responses.Kept, err error) {
	g := c.site.gateway
	ctx, cancel := context.WithTimeout(c.r.Context(), ownerPatience)
	defer cancel()
	for next := id; next != ""; {
		if k := g.State.Responses.find(c.Token, next); k != nil {
			list, next = append(list, k), k.Previous
		} else {
			rows, err := g.Responses.LoadResponses(ctx, c.Token, next, chain)
			if err != nil {
				return nil, err
			}
			for i := range rows {
				k, err := unsealed(&rows[i], g.Keyring())
				if errors.Is(err, secrets.ErrOtherKey) || errors.Is(err, secrets.ErrBroken) {
					return nil, store.ErrNotFound
				}
				if err != nil {
					return nil, err
				}
				list, next = append(list, k), k.Previous
			}
		}
		if !chain {
			break
		}
	}
	return list, nil
}

// wholeConversation is what helps a client that refers to what is not there.
const wholeConversation = "send the whole conversation with store: false"

// notKept says that what a request refers to is not there, or cannot be looked
// up now.
func notKept(c *Call, err error, field, id string) error {
	if !errors.Is(err, store.ErrNotFound) {
		return responsesAway(c, field)
	}
	return &protocol.RequestError{
		Status: http.StatusBadRequest, Code: "previous_response_not_found", Param: field,
		Message: fmt.Sprintf("%s: the gateway keeps no %q for this token, or not any more; %s", field, ai.Shorten(id, 100), wholeConversation),
	}
}

func responsesAway(c *Call, field string) error {
	setRetryAfter(c.w.Header(), untilStored)
	return &protocol.RequestError{
		Status: http.StatusServiceUnavailable, Code: "responses_unknown", Param: field,
		Message: "the gateway cannot look up now the response that is referred to, because its database is away; try again in a moment",
	}
}

// keepAnswer makes the answer of a translation one that is kept, where the
// client has not forbidden it.
func keepAnswer(c *Call, p *protocol.Prompt) {
	if c.continued != nil {
		p.Previous = c.continued.previous
	}
	body := c.body.bytes
	if c.continued != nil {
		body = c.continued.body
	}
	forbidden := false
	if from, to, ok := scan.Get(body, "store"); ok {
		keep, isBool := scan.Bool(body[from:to])
		forbidden = isBool && !keep
	}
	if forbidden || !keepsResponses(c) || c.Operation != ai.Generate || len(body) > maxStoredResponse {
		return
	}
	p.Made = func(answer []byte) {
		kept, err := responses.Keep(body, slices.Clone(answer), p.Previous)
		if err != nil {
			return // a body that was read cannot fail
		}
		made := &storedResponse{Kept: *kept, token: c.Token, made: time.Now()}
		if c.continued != nil {
			made.uses = c.continued.uses
		}
		c.site.gateway.State.Responses.put(made)
	}
}

// KeptHere reports whether the call asks for a response that a translation made.
func (c *Call) KeptHere() bool {
	_, made := responses.MadeByTranslation(c.Continues)
	return made && c.Operation == ai.StoredResponse && keepsResponses(c)
}

// ServeKept answers a call that reads or deletes such a response.
func (c *Call) ServeKept() error {
	id, g := c.Continues, c.site.gateway
	if c.r.Method == http.MethodDelete {
		ctx, cancel := context.WithTimeout(c.r.Context(), responseWait)
		defer cancel()
		if err := g.State.Responses.remove(ctx, g.Responses, c.Token, id); err != nil {
			return c.Refuse(noResponse(c, err))
		}
		return c.answer(protocol.JSON(map[string]any{"id": id, "object": "response", "deleted": true}))
	}
	list, err := keptResponses(c, id, false)
	if err != nil {
		return c.Refuse(noResponse(c, err))
	}
	kept := list[0]
	switch {
	case c.r.Method == http.MethodPost:
		return c.Refuse(protocol.BadRequest("response_id", "only a response that is made in the background can be cancelled; this one is complete"))
	case c.Stream:
		return c.Refuse(protocol.BadRequest("stream", "a response that the gateway keeps is given whole: leave out stream"))
	case !slices.Contains(c.match.Endpoint.Query, "limit"):
		return c.answer(kept.Response)
	}
	query := c.r.URL.Query()
	page := responses.Page{After: query.Get("after"), Limit: 20, Asc: query.Get("order") == "asc"}
	if s := query.Get("limit"); s != "" {
		if page.Limit, err = strconv.Atoi(s); err != nil || page.Limit < 1 || page.Limit > 100 {
			return c.Refuse(protocol.BadRequest("limit", "limit must be a number from 1 to 100"))
		}
	}
	return c.answer(responses.InputPage(kept.Items(func(id string) *responses.Kept {
		if list, err := keptResponses(c, id, false); err == nil {
			return list[0]
		}
		return nil
	}), page))
}

func noResponse(c *Call, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return responsesAway(c, "response_id")
	}
	return &protocol.RequestError{
		Status: http.StatusNotFound, Code: "response_not_found", Param: "response_id",
		Message: fmt.Sprintf("no response with the id %q was made through this gateway with this token, or it is not kept any more", ai.Shorten(c.Continues, 100)),
	}
}

// answer gives the client an answer that the gateway makes by itself.
func (c *Call) answer(text []byte) error {
	header := c.w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(text)))
	c.end(ai.OK, http.StatusOK, "")
	c.w.WriteHeader(http.StatusOK)
	written, err := c.w.Write(text)
	c.Record.AnswerBytes = int64(written)
	if err != nil {
		c.Record.Outcome, c.Record.Status = ai.ClientGone, StatusClientGone
	}
	return nil
}
