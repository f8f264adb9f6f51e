// Package fakeai is an AI provider made up for tests and for the demo. It
// speaks all four wire formats, plain and streamed, with the events, usage and
// headers of the real services, and it misbehaves in every way they have been
// seen to, on demand. It talks to nobody and knows nothing.
//
// # What it answers
//
// A generation echoes its request: "Hello from NAME: TEXT", NAME being the
// provider's and TEXT the last thing the user said. If the request offers
// tools, the first answer is a call of the first of them, with arguments that
// fit its schema; once a tool's result is the last message, the answer is
// text. Usage follows from the size of the request and from the answer, so it
// can be compared: Request.Usage is what the answer reported, in the gateway's
// terms. Everything else under /v1 and /v1beta that the gateway passes on is
// there too: counting, embeddings, images, audio, moderation, ranking, model
// lists and stored responses, which only the key that made them may read.
//
// # How it is steered
//
// By a scenario, a text such as "mk-429-ra5" that is made of the words below;
// it may come, first wins, from Server.SetDown, from the request's header
// X-Fakeai, or from the upstream key the request carries, so that the keys
// written in a Caddyfile can steer it. What they ask for goes through the
// server's Plan, which has the last word. Words that name a number take it at
// the end.
//
//	429 500 …    that status, with an error as the format writes it
//	rate quota 1308 auth billing context filter prefill nomodel overloaded server
//	             the same, by what is wrong rather than by its number
//	err200       the error in a body with status 200; err200big: more than
//	             512 bytes; err200huge: more than 64 KB; err200text: a sentence
//	sseerr       a stream whose first event is the error; ssestart: after the
//	             preamble; ssemid: in the middle of the content
//	drop reset   the connection is closed, or reset, before any answer
//	cut rst      the same in the middle of the body
//	rstend       reset right after the end marker
//	hang         nothing is ever answered; hanghdr: nothing but headers;
//	             silent: headers and preamble, no content
//	stall        silence for ever in the middle of the content
//	noend nodone a stream that ends, cleanly, after its content; or one that
//	             lacks just the end marker
//	open         the stream is not closed after its end marker
//	broken       an event in the middle is not JSON; brokenfirst: the first is
//	html empty   an HTML page; no body at all
//	hollow pings an answer without content; only pings
//	half         JSON or a stream that ends in the middle of a value
//	json         a whole JSON answer although a stream was asked for
//	badutf8 wrongtype big
//	             invalid UTF-8 in the text; a wrong Content-Type; 3 MB of text
//	             in one event
//	refusal      an answer that was stopped for its content
//	gzip br zstd deflate
//	             the body in that encoding, whatever the client accepts
//	comments crlf noevent
//	             SSE with comments, with CRLF lines, without event lines
//	think        reasoning before the text
//	signed       results of tools are taken only with what signed the
//	             reasoning before their calls
//	calls1 calls2 one tool call, or two at once, if tools are offered, also
//	             where Options.NoToolCalls is set
//	tNN lNN gNN  NN ms before the headers; before the first content; between
//	             events
//	nNN eNN sNN  NN text events; of NN bytes each; text of NN bytes
//	raNN rdNN    Retry-After in NN seconds; the same as a date. It is also when
//	             1308 and Gemini say that a limit is reset
//	remNN resNN  rate-limit headers that leave NN requests; reset in NN seconds
//	fNN pNN      only the first NN requests, or NN percent of them, misbehave
//	uWORD        means nothing; makes a key unique
package fakeai

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
)

// Options say what a fake provider is like.
type Options struct {
	// Name is told in every answer, so that a test sees who gave it. Default
	// "fake".
	Name string
	// Models it knows; any other is answered as unknown. Default: it knows all,
	// and lists one per format.
	Models []string
	// Listed are the models it lists, if it knows all. Default: one per format.
	Listed []string
	// Protocols it speaks; endpoints of others are not found. Default: all.
	Protocols []ai.Protocol
	// Keys it accepts; any other is refused. Default: all, and none as well.
	Keys []string
	// Plan has the last word on what becomes of a request. Default: what the
	// request asks for.
	Plan Plan
	// NoToolCalls answers with text even where tools are offered, unless the
	// scenario asks for calls. A demo needs
	// it: a real agent would run the tool.
	NoToolCalls bool
	// Keep is how many requests are remembered. Default 1000.
	Keep int
}

// Server is a fake provider. It is an http.Handler and safe for concurrent
// use.
type Server struct {
	// URL is the base address of a server made by Start.
	URL string

	o      Options
	plan   atomic.Pointer[Plan]
	down   atomic.Bool
	closed chan struct{}
	once   sync.Once
	server *http.Server
	log    requestLog
	stored storedResponses
}

// New returns a provider that is to be served by the caller.
func New(o Options) *Server {
	if o.Name == "" {
		o.Name = "fake"
	}
	if o.Keep <= 0 {
		o.Keep = 1000
	}
	s := &Server{o: o, closed: make(chan struct{})}
	s.log.keep = o.Keep
	s.SetPlan(o.Plan)
	return s
}

// Start returns a provider that listens on addr; use "127.0.0.1:0" for a free
// port. It runs until it is closed.
func Start(addr string, o Options) (*Server, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("starting fake provider %q: %w", o.Name, err)
	}
	s := New(o)
	s.URL = "http://" + ln.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go s.server.Serve(ln) //nolint:errcheck // it ends with ErrServerClosed, or with what its clients see anyway
	return s, nil
}

// Close ends the requests that hang, and the listener if there is one. It may
// be called more than once.
func (s *Server) Close() error {
	s.once.Do(func() { close(s.closed) })
	if s.server == nil {
		return nil
	}
	if err := s.server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing fake provider %q: %w", s.o.Name, err)
	}
	return nil
}

// SetPlan replaces the plan; nil lets requests decide for themselves.
func (s *Server) SetPlan(p Plan) {
	if p == nil {
		p = AsAsked
	}
	s.plan.Store(&p)
}

// SetDown begins or ends an outage, during which every connection is closed
// before it is answered.
func (s *Server) SetDown(down bool) { s.down.Store(down) }

// ServeHTTP answers one request as its scenario and the plan say.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, err := readRequest(r)
	if err != nil {
		panic(http.ErrAbortHandler) // the client did not send its request to the end
	}
	req.Asked, err = Parse(req.Scenario)
	s.log.arrived(req)
	defer s.log.ended(req, r)
	if err != nil {
		http.Error(w, "fakeai: "+err.Error(), http.StatusBadRequest)
		return
	}
	b := s.decide(req)
	d := &delivery{s: s, w: w, r: r, req: req, b: b}
	d.answer()
}

// decide is what becomes of a request.
func (s *Server) decide(req *Request) Behaviour {
	if s.down.Load() {
		return Behaviour{Fault: Drop}
	}
	b := (*s.plan.Load())(req)
	if !b.due(s.log.turn(req, b)) {
		b = b.well()
	}
	return b
}
