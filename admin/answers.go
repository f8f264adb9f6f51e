package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/ccload/ccload/config"
)

// Answers are JSON: {"time": …, "data": …}, or {"time": …, "error": {"code": …,
// "field": …, "message": …}} with a status of 400 or more. time is the
// server's, so that a page can tell how long ago things were whatever the clock
// of its own machine says.

// Bounds of request bodies.
const (
	maxBody = 4 << 20
	maxFile = 64 << 20
)

type envelope struct {
	Time time.Time `json:"time"`
	Data any       `json:"data"`
}

type refusal struct {
	Time  time.Time `json:"time"`
	Error *Problem  `json:"error"`
}

func writeAnswer(w http.ResponseWriter, status int, data any) {
	writeJSON(w, status, envelope{serverTime(), data})
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	writeJSON(w, p.Status, refusal{serverTime(), p})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		status = http.StatusInternalServerError
		text, _ = json.Marshal(refusal{serverTime(), Problemf(status, CodeInternal, "", "the answer cannot be written")})
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a client that is gone is nobody to tell
}

// problemOf is what is told of an error. What is not meant for the caller is
// not told: the log has it.
func problemOf(err error) *Problem {
	var p *Problem
	var bad badRequestError
	var said caddy.APIError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &large):
		return Problemf(http.StatusRequestEntityTooLarge, CodeTooLarge, "", "the request is larger than %d bytes", large.Limit)
	case errors.As(err, &said) && said.HTTPStatus < http.StatusInternalServerError:
		return Problemf(said.HTTPStatus, CodeInvalid, "", "%s", said.Err.Error())
	case databaseFailed(err):
		return errDatabase
	case errors.Is(err, ErrNotFound):
		return Problemf(http.StatusNotFound, CodeNotFound, "", "%s", err.Error())
	case errors.As(err, &bad):
		return Problemf(http.StatusBadRequest, CodeInvalid, "", "%s", bad.Error())
	}
	return Problemf(http.StatusInternalServerError, CodeInternal, "", "the gateway failed; its log says why")
}

// errDatabase is told of failures of the database. Anybody may see it, so it does
// not say where that is: status and the log do.
var errDatabase = Problemf(http.StatusServiceUnavailable, CodeStore, "", "the database is away or does not do what it should; the gateway's log says why. Try again in a moment")

// databaseFailed reports whether an error is the database's: it is not open yet,
// or does not do what it should.
func databaseFailed(err error) bool {
	failed := (interface{ StoreFailed() bool })(nil)
	return errors.As(err, &failed) && failed.StoreFailed()
}

func invalid(field, format string, args ...any) error {
	return Problemf(http.StatusBadRequest, CodeInvalid, field, format, args...)
}

// read reads the request's body, which must be JSON that says nothing twice.
func (q *request) read() ([]byte, error) {
	kind, _, err := mime.ParseMediaType(q.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && kind != "application/merge-patch+json" {
		return nil, Problemf(http.StatusUnsupportedMediaType, CodeInvalid, "", "the request must be of Content-Type application/json")
	}
	text, err := io.ReadAll(http.MaxBytesReader(q.w, q.r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	return text, refuseDuplicates(text)
}

// decode reads the request's body into v. What v has no place for is refused:
// it would be lost without a word.
func (q *request) decode(v any) error {
	text, err := q.read()
	if err != nil {
		return err
	}
	return decode(text, v)
}

// readThing reads the request's body, which is a channel, a token or an alias,
// or a change of one. Its lists may stand there by their singular.
func (q *request) readThing(thing string) ([]byte, error) {
	text, err := q.read()
	if err != nil {
		return nil, err
	}
	return plural(thing, text)
}

// decodeThing reads a channel, a token or an alias into v.
func (q *request) decodeThing(thing string, v any) error {
	text, err := q.readThing(thing)
	if err != nil {
		return err
	}
	return decode(text, v)
}

// plural gives the lists of a thing the names that they have.
func plural(thing string, text []byte) ([]byte, error) {
	text, err := config.Plural(thing, text, "key")
	if wrong := (*config.Error)(nil); errors.As(err, &wrong) {
		return nil, invalid(thing+"."+wrong.Field, "%s", wrong.Error())
	}
	return text, err
}

// decode reads JSON into v, in which nothing may be unknown.
func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			return invalid("", "there is something after the JSON")
		}
		return nil
	}
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		field := strings.ToLower(kind.Field) // an embedded struct stands there with its Go name
		return invalid(field, "%s: is a %s, and must be a %s", orBody(field), kind.Value, typeName(kind.Type))
	case errors.As(err, &syntax):
		return invalid("", "the JSON is broken at byte %d: %v", syntax.Offset, syntax)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return invalid("", "the JSON ends early")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return invalid(strings.Trim(name, `"`), "there is no setting %s", name)
	}
	return invalid("", "%s", strings.TrimPrefix(err.Error(), "json: "))
}

func orBody(field string) string {
	if field == "" {
		return "the request"
	}
	return field
}

// mergePatch applies a JSON merge patch (RFC 7396).
func mergePatch(target, patch []byte) ([]byte, error) {
	var t, p any
	if err := json.Unmarshal(target, &t); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(patch))
	d.UseNumber() // numbers stay as they were written
	if err := d.Decode(&p); err != nil {
		return nil, invalid("", "the JSON is broken: %v", err)
	}
	if _, ok := p.(map[string]any); !ok {
		return nil, invalid("", "a change must be a JSON object")
	}
	return json.Marshal(merge(t, p))
}

func merge(target, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	t, ok := target.(map[string]any)
	if !ok {
		t = make(map[string]any)
	}
	for name, v := range p {
		if v == nil {
			delete(t, name)
		} else {
			t[name] = merge(t[name], v)
		}
	}
	return t
}

// apply applies a JSON merge patch to what there is, strictly.
func apply[T any](was T, patch []byte) (is T, err error) {
	before, err := json.Marshal(was)
	if err != nil {
		return is, fmt.Errorf("writing what there is: %w", err)
	}
	after, err := mergePatch(before, patch)
	if err != nil {
		return is, err
	}
	return is, decode(after, &is)
}
