package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

func init() {
	caddy.RegisterModule(API{})
}

// ErrNotFound says that a call is not known, or no longer.
var ErrNotFound = errors.New("no such call; it may have been forgotten by retention")

// API is the part of Caddy's admin endpoint (by default on loopback) that
// shows the gateway:
//
//	GET  /ccload/status                  calls under way, journal, how much cools down
//	GET  /ccload/channels                channels, their keys and URLs, what cools down and why
//	GET  /ccload/channels/{name}         one of them
//	GET  /ccload/calls                   the newest calls; ?token= channel= model= outcome= since= until= before= limit=
//	GET  /ccload/calls/{id}              one call completely: attempts, and why others were left out
//	GET  /ccload/explain                 where a call would go now; ?model= protocol= token= conversation= site=
//	GET  /ccload/cooling                 everything that cools down or failed lately
//	POST /ccload/cooling/clear           end cooldowns early; ?channel= key= url= model= group= scope=
//	GET  /ccload/budgets                 what tokens and channels have spent, and may spend
//	GET  /ccload/price                   what a usage costs, and by which price; ?model= provider= at= tier= and numbers of tokens
//	GET  /ccload/prices                  the prices of your own that are kept in the store
//	PUT  /ccload/prices                  replace them by the body: CSV or JSON, as in a file of prices
//	GET  /ccload/counting                what replies have taught about counting tokens
//	POST /ccload/reprice                 price stored calls anew by the prices of today; ?since=
//	GET  /ccload/tokens                  client tokens, without their secrets
//	POST /ccload/tokens                  make a stored token of the body; the answer holds its secret, this once
//	DELETE /ccload/tokens/{name}         remove a stored token
//	POST /ccload/import                  take channels, tokens and aliases from the file in the body, or at a path on this machine; ?name= path= dry_run=
//	GET  /ccload/export                  write what is stored to a file; ?format=
//	POST /ccload/export                  the same; ?format= secrets=
//	POST /ccload/login                   make a link that logs an operator in to the dashboard once
//	GET  /ccload/password                where the admin password comes from
//	POST /ccload/rotate                  seal all stored secrets with a new encryption key
//
// Whoever reaches the endpoint may already replace the whole config, so nothing
// more is asked of them. It keeps no state of its own.
type API struct{}

// CaddyModule returns the Caddy module information.
func (API) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "admin.api.ccload",
		New: func() caddy.Module { return new(API) },
	}
}

// Routes returns the one pattern below which the API's own table decides.
func (a *API) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: "/ccload/", Handler: caddy.AdminHandlerFunc(serve)}}
}

// row is one line of the API's route table. A path that ends in "/" takes one
// more segment, given to the handler as id.
type row struct {
	method, path string
	handle       func(s Source, r *http.Request, id string) (any, error)
}

var table = []row{
	{http.MethodGet, "status", status},
	{http.MethodGet, "channels", channels},
	{http.MethodGet, "channels/", channel},
	{http.MethodGet, "calls", calls},
	{http.MethodGet, "calls/", call},
	{http.MethodGet, "explain", explain},
	{http.MethodGet, "cooling", cooling},
	{http.MethodPost, "cooling/clear", clearCooling},
	{http.MethodGet, "budgets", func(s Source, _ *http.Request, _ string) (any, error) { return s.Budgets(time.Now()), nil }},
	{http.MethodGet, "price", price},
	{http.MethodGet, "prices", func(s Source, r *http.Request, _ string) (any, error) { return s.OwnPrices(r.Context()) }},
	{http.MethodPut, "prices", setPrices},
	{http.MethodGet, "counting", func(s Source, _ *http.Request, _ string) (any, error) { return s.Lessons(), nil }},
	{http.MethodPost, "reprice", reprice},
	{http.MethodGet, "tokens", byOperator(func(op Operator, _ *http.Request, _ string) (any, error) { return op.TokenConfigs(), nil })},
	{http.MethodPost, "tokens", byOperator(makeToken)},
	{http.MethodDelete, "tokens/", byOperator(func(op Operator, r *http.Request, name string) (any, error) {
		return Removed{true}, op.RemoveTokens(r.Context(), command(r), []string{name})
	})},
	{http.MethodPost, "import", byOperator(importByCommand)},
	{http.MethodGet, "export", byOperator(exportByCommand)},
	{http.MethodPost, "export", byOperator(exportByCommand)},
	{http.MethodPost, "login", byOperator(func(op Operator, _ *http.Request, _ string) (any, error) {
		if op.Password() == nil {
			return nil, Problemf(http.StatusConflict, CodeNoPassword, "", "no admin password is configured, so nobody can log in: write admin_password or admin_password_file into the ccload options")
		}
		return op.Shared().MakeLoginLink(time.Now()), nil
	})},
	{http.MethodGet, "password", byOperator(func(op Operator, _ *http.Request, _ string) (any, error) {
		return PasswordSource{Set: op.Password() != nil, File: op.PasswordFile()}, nil
	})},
	{http.MethodPost, "rotate", byOperator(func(op Operator, r *http.Request, _ string) (any, error) { return op.Rotate(r.Context(), command(r)) })},
}

func serve(w http.ResponseWriter, r *http.Request) error {
	source, err := source()
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
	}
	return answer(source, w, r)
}

// answer serves one request by the table.
func answer(source Source, w http.ResponseWriter, r *http.Request) error {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/ccload/")
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		return apiError(badQuery(err))
	}
	pathKnown := false
	for i := range table {
		id, fits := table[i].fits(path)
		if !fits {
			continue
		}
		pathKnown = true
		if table[i].method != r.Method {
			continue
		}
		found, err := table[i].handle(source, r, id)
		if err != nil {
			return apiError(err)
		}
		if text, ok := found.(fileText); ok {
			_, err := w.Write(text)
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(w).Encode(found)
	}
	if pathKnown {
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: fmt.Errorf("%s is not for /ccload/%s", r.Method, path)}
	}
	return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("there is no /ccload/%s", path)}
}

// fits reports whether a path is the row's, and its last segment.
func (r *row) fits(path string) (id string, ok bool) {
	if !strings.HasSuffix(r.path, "/") {
		return "", path == r.path
	}
	rest, ok := strings.CutPrefix(path, r.path)
	if !ok || rest == "" || strings.Contains(rest, "/") {
		return "", false
	}
	id, err := url.PathUnescape(rest)
	return id, err == nil
}

// source finds the gateway of the config that runs now.
func source() (Source, error) {
	app, err := caddy.ActiveContext().AppIfConfigured("ccload")
	if err != nil {
		return nil, errors.New("the running config has no ccload app")
	}
	a, ok := app.(App)
	if !ok {
		return nil, errors.New("the ccload app is not ready")
	}
	return a.Operator(), nil
}

// badRequestError is a mistake of the caller.
type badRequestError struct{ error }

func apiError(err error) error {
	status := http.StatusInternalServerError
	var bad badRequestError
	var said caddy.APIError
	var problem *Problem
	switch {
	case errors.As(err, &said):
		return said
	case errors.As(err, &problem):
		status = problem.Status
	case databaseFailed(err):
		status = http.StatusServiceUnavailable
	case errors.Is(err, ErrNotFound):
		status = http.StatusNotFound
	case errors.As(err, &bad):
		status = http.StatusBadRequest
	}
	return caddy.APIError{HTTPStatus: status, Err: err}
}

func status(s Source, r *http.Request, _ string) (any, error) { return s.Status(r.Context()), nil }

func channels(s Source, _ *http.Request, _ string) (any, error) { return s.Channels(time.Now()), nil }

func channel(s Source, _ *http.Request, name string) (any, error) {
	for _, c := range s.Channels(time.Now()) {
		if c.Name == name {
			return c, nil
		}
	}
	return nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("there is no channel %q", name)}
}

func call(s Source, r *http.Request, id string) (any, error) { return s.Call(r.Context(), id) }

func calls(s Source, r *http.Request, _ string) (any, error) {
	q := r.URL.Query()
	f := CallFilter{
		Token: q.Get("token"), Channel: q.Get("channel"), Model: q.Get("model"), Outcome: q.Get("outcome"),
		Before: q.Get("before"), Limit: 50,
	}
	if err := known(q, "token", "channel", "model", "outcome", "before", "limit", "since", "until"); err != nil {
		return nil, err
	}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 500 {
			return nil, badRequestError{fmt.Errorf("limit %q: must be 1 to 500", text)}
		}
		f.Limit = n
	}
	for _, bound := range []struct {
		name string
		to   *time.Time
	}{{"since", &f.Since}, {"until", &f.Until}} {
		if text := q.Get(bound.name); text != "" {
			t, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return nil, badRequestError{fmt.Errorf("%s %q: must be a time such as 2026-01-31T08:00:00Z", bound.name, text)}
			}
			*bound.to = t
		}
	}
	list, err := s.Calls(r.Context(), f)
	if list == nil {
		list = []*ai.Record{}
	}
	return list, err
}

func explain(s Source, r *http.Request, _ string) (any, error) {
	q := r.URL.Query()
	if err := known(q, "model", "protocol", "token", "conversation", "site"); err != nil {
		return nil, err
	}
	if q.Get("model") == "" {
		return nil, badRequestError{errors.New("model is missing: ask /ccload/explain?model=NAME")}
	}
	e, err := s.Explain(Question{
		Model: q.Get("model"), Protocol: ai.Protocol(q.Get("protocol")), Token: q.Get("token"), Conversation: q.Get("conversation"), Site: q.Get("site"),
	})
	if err != nil {
		return nil, badRequestError{err}
	}
	return e, nil
}

func cooling(s Source, _ *http.Request, _ string) (any, error) {
	list := []health.Entry{}
	seen := make(map[health.Ref]bool)
	for _, c := range s.Channels(time.Now()) {
		for _, e := range c.Cooling {
			if !seen[e.Ref] { // a group's cooldown shows on each of its channels
				seen[e.Ref] = true
				list = append(list, e)
			}
		}
	}
	return list, nil
}

func clearCooling(s Source, r *http.Request, _ string) (any, error) {
	q := r.URL.Query()
	if err := known(q, "scope", "channel", "key", "url", "model", "group", "protocol"); err != nil {
		return nil, err
	}
	which := health.Ref{
		Channel: q.Get("channel"), Key: q.Get("key"), URL: q.Get("url"), Model: q.Get("model"),
		Group: q.Get("group"), Protocol: ai.Protocol(q.Get("protocol")),
	}
	if text := q.Get("scope"); text != "" {
		if err := which.Scope.UnmarshalText([]byte(text)); err != nil || which.Scope == ai.ScopeNone {
			return nil, badRequestError{fmt.Errorf("scope %q is not known; there are %v", text, ai.Scopes()[1:])}
		}
	}
	return map[string]int{"cleared": s.DropCooldowns(which)}, nil
}

// known refuses parameters that would be ignored.
func known(q url.Values, names ...string) error {
	for name, values := range q {
		if len(values) > 1 {
			return badRequestError{fmt.Errorf("parameter %q stands there more than once", name)}
		}
		ok := false
		for _, n := range names {
			ok = ok || n == name
		}
		if !ok {
			return badRequestError{fmt.Errorf("parameter %q is not known; there are %s", name, strings.Join(names, ", "))}
		}
	}
	return nil
}

// Interface guards
var (
	_ caddy.AdminRouter = (*API)(nil)
)
