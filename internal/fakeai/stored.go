package fakeai

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// maxStored is how many responses are kept.
const maxStored = 1000

// storedResponses are the answers of the Responses format that may be read
// again and continued. Only the key that made one knows it.
type storedResponses struct {
	mu    sync.Mutex
	byID  map[string]*storedResponse
	order []string
}

type storedResponse struct {
	key    string
	script *script
	input  json.RawMessage
}

func (s *storedResponses) put(id string, r *Request, script *script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = make(map[string]*storedResponse)
	}
	s.byID[id] = &storedResponse{key: r.Key, script: script, input: r.in.Input}
	if s.order = append(s.order, id); len(s.order) > maxStored {
		delete(s.byID, s.order[0])
		s.order = slices.Delete(s.order, 0, 1)
	}
}

// get is the response of an id, nil if the key does not know it.
func (s *storedResponses) get(id, key string) *storedResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.byID[id]; r != nil && r.key == key {
		return r
	}
	return nil
}

func (s *storedResponses) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, id)
}

// storedResponse answers for a stored response.
func (d *delivery) storedResponse() {
	r := d.s.stored.get(d.req.ID, d.req.Key)
	switch {
	case r == nil:
		d.refuse(noResponse)
	case d.req.Method == http.MethodDelete:
		d.s.stored.remove(d.req.ID)
		d.whole(http.StatusOK, jsonType, fmt.Appendf(nil, `{"id":%s,"object":"response","deleted":true}`, quote(d.req.ID)))
	case d.req.sub == "input_items":
		d.whole(http.StatusOK, jsonType, fmt.Appendf(nil,
			`{"object":"list","data":[{"id":"msg_0","type":"message","role":"user","content":[{"type":"input_text","text":%s}]}],"first_id":"msg_0","last_id":"msg_0","has_more":false}`,
			quote((&inputData{Input: r.input}).lastText())))
	case strings.Contains("&"+d.req.RawQuery, "&stream=true"):
		newStream(d, r.script, &answer{req: d.req, b: &d.b, id: d.req.ID}).run()
	default:
		d.whole(http.StatusOK, jsonType, r.script.whole)
	}
}
