package admin

import (
	"encoding/json"
	"net/http"
)

// Play is a call of the playground.
type Play struct {
	// Site is a host of the site that serves it; needed where sites differ.
	Site string `json:"site,omitempty"`
	// Token is the name of the client token that makes the call and whose limits
	// and budgets count it. Empty: the operator makes it, without any limit but
	// those of channels.
	Token string `json:"token,omitempty"`
	// Channel is the only channel that may serve it; empty: as the site decides.
	Channel string `json:"channel,omitempty"`
	// Path is the endpoint, such as /v1/messages; default /v1/chat/completions.
	Path string `json:"path,omitempty"`
	// Body is the request as a client would send it there.
	Body json.RawMessage `json:"body"`
}

// defaultPlay is the endpoint of the playground if none is named.
const defaultPlay = "/v1/chat/completions"

// Playground makes calls for the operator.
type Playground interface {
	// Play serves a call as a site serves one of a client's, and answers with its
	// answer, whose header X-Ccload-Request-Id is the call's id. The error is that
	// no call was made and nothing answered. abort says that the answer broke off
	// and its connection must be cut.
	Play(w http.ResponseWriter, r *http.Request, who Actor, p *Play) (abort bool, err error)
}

func play(q *request) (any, error) {
	var in Play
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	if len(in.Body) == 0 {
		return nil, invalid("body", "body is missing: the request as a client would send it")
	}
	if in.Path == "" {
		in.Path = defaultPlay
	}
	abort, err := q.op.Play(q.w, q.r, q.actor(), &in)
	if abort {
		// Without it a stream that broke off would look complete.
		panic(http.ErrAbortHandler)
	}
	q.answered = err == nil
	return nil, err
}
