package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

// What is asked of calls, statistics, cooldowns, files and the audit trail.

// Bounds of questions.
const (
	maxPage     = 500
	defaultPage = 50
	maxText     = 512 // bytes of a filter
	maxRest     = 366 * 24 * time.Hour
)

func channelRef(name string) health.Ref { return health.Ref{Channel: name} }

func startCooldown(q *request) (any, error) {
	var in CooldownOrder
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	if in.Seconds < 1 || in.Seconds > int64(maxRest/time.Second) {
		return nil, invalid("seconds", "seconds %d: must be 1 to %d, which is a year", in.Seconds, int64(maxRest/time.Second))
	}
	until := time.Now().Add(time.Duration(in.Seconds) * time.Second)
	return Removed{true}, q.op.Rest(q.r.Context(), q.actor(), in.Ref, until)
}

func clearCooldowns(q *request) (any, error) {
	var in health.Ref
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	n, err := q.op.ClearCooldowns(q.r.Context(), q.actor(), in)
	return Cleared{n}, err
}

// pageOf reads how much of a list is wanted.
func pageOf(query url.Values) (int, error) {
	text := query.Get("limit")
	if text == "" {
		return defaultPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxPage {
		return 0, invalid("limit", "limit %q: must be 1 to %d", ai.Shorten(text, maxTold), maxPage)
	}
	return n, nil
}

// maxTold is how many characters of what somebody sent are repeated to them.
const maxTold = 80

// badQuery is the problem of a query that cannot be read. Parts of it would be
// left out, and more would be answered for than was asked.
func badQuery(err error) error {
	return invalid("", "the query cannot be read: %s; escape it as in name=a%%3Bb&other=50%%25", ai.Shorten(err.Error(), maxTold))
}

// checkQuery refuses a query that cannot be read, parameters that the route
// does not have, that stand there twice, and texts that nobody needs.
func (q *request) checkQuery() error {
	query, err := url.ParseQuery(q.r.URL.RawQuery)
	if err != nil {
		return badQuery(err)
	}
	for name, values := range query {
		known := slices.ContainsFunc(q.route.query, func(p parameter) bool { return p.name == name })
		switch {
		case !known:
			names := make([]string, len(q.route.query))
			for i, p := range q.route.query {
				names[i] = p.name
			}
			if len(names) == 0 {
				return invalid(ai.Shorten(name, maxTold), "parameter %q is not known; there are none", ai.Shorten(name, maxTold))
			}
			return invalid(ai.Shorten(name, maxTold), "parameter %q is not known; there are %s", ai.Shorten(name, maxTold), strings.Join(names, ", "))
		case len(values) != 1:
			return invalid(name, "parameter %s stands there more than once", name)
		case len(values[0]) > maxText:
			return invalid(name, "%s: is longer than %d bytes", name, maxText)
		}
	}
	return nil
}

// callFilter reads what calls are wanted, and narrows it to what the one who
// asks may see.
func (q *request) callFilter() (f CallFilter, err error) {
	query := q.r.URL.Query()
	f = CallFilter{
		Token: query.Get("token"), Channel: query.Get("channel"), Model: query.Get("model"),
		Outcome: query.Get("outcome"), Before: query.Get("before"),
	}
	if f.Limit, err = pageOf(query); err != nil {
		return f, err
	}
	if f.Since, err = moment(query, "since"); err != nil {
		return f, err
	}
	if f.Until, err = moment(query, "until"); err != nil {
		return f, err
	}
	if text := query.Get("status"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 100 || n > 599 {
			return f, invalid("status", "status %q: must be 100 to 599", ai.Shorten(text, maxTold))
		}
		f.Status = n
	}
	if f.Outcome != "" && !slices.ContainsFunc(ai.Kinds(), func(k ai.Kind) bool { return k.String() == f.Outcome }) {
		return f, invalid("outcome", "outcome %q is not known; there are %v", ai.Shorten(f.Outcome, maxTold), ai.Kinds())
	}
	if own := q.token(); own != "" {
		if f.Channel != "" || f.Token != "" && f.Token != own {
			return f, Problemf(http.StatusForbidden, CodeForbidden, "", "a client token may see its own calls only, and not by channel")
		}
		f.Token = own // a name holds no *, so it is this token only
	}
	return f, nil
}

// callQuestion reads what calls are wanted: what the store finds, and what of
// it is meant.
func (q *request) callQuestion() (f CallFilter, s callSearch, err error) {
	if f, err = q.callFilter(); err != nil {
		return f, s, err
	}
	s, err = readCallSearch(q.r.URL.Query(), &f)
	return f, s, err
}

func listCalls(q *request) (any, error) {
	f, s, err := q.callQuestion()
	if err != nil {
		return nil, err
	}
	return q.findCalls(f, s)
}

func getCall(q *request) (any, error) {
	r, err := q.op.Call(q.r.Context(), q.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if own := q.token(); own != "" && r.Token != own {
		return nil, ErrNotFound // that it exists is none of their business
	}
	return q.visible(r), nil
}

// visible is what the one who asks may see of a call.
func (q *request) visible(r *ai.Record) *ai.Record {
	if q.token() == "" {
		return r
	}
	return OwnRecord(r)
}

// OwnRecord is what the holder of a token may see of its call: nothing of the
// accounts it went to.
func OwnRecord(r *ai.Record) *ai.Record {
	own := *r
	own.UpstreamModel, own.Channel, own.Policy, own.ResponseID = "", "", "", ""
	own.Attempts, own.Candidates = []ai.Attempt{}, []ai.Candidate{}
	if r.Outcome != ai.OK && r.Channel != "" {
		own.Message = "" // it may hold words of the upstream
	}
	return &own
}

// Dimensions by which statistics are grouped and narrowed. The holder of a
// token sees those that say nothing of the accounts.
var (
	dimensions     = []string{"channel", "key", "model", "token", "protocol", "outcome"}
	ownDimensions  = []string{"model", "protocol", "outcome"}
	defaultStretch = 24 * time.Hour
	maxSteps       = int64(10_000)
)

// span reads which time is asked for, and by which steps.
func (q *request) span() (ask StatisticsQuestion, err error) {
	query := q.r.URL.Query()
	ask = StatisticsQuestion{By: []string{}, Where: make(map[string]string)}
	if ask.Until, err = moment(query, "until"); err != nil {
		return ask, err
	}
	if ask.Until.IsZero() {
		ask.Until = serverTime()
	}
	if ask.Since, err = moment(query, "since"); err != nil {
		return ask, err
	}
	if ask.Since.IsZero() {
		ask.Since = ask.Until.Add(-defaultStretch)
	}
	if !ask.Since.Before(ask.Until) {
		return ask, invalid("since", "since must be before until")
	}
	if text := query.Get("step"); text != "" {
		if ask.Step, err = time.ParseDuration(text); err != nil || ask.Step < time.Minute || ask.Step%time.Minute != 0 {
			return ask, invalid("step", "step %q: must be a whole number of minutes, such as 5m, 1h or 24h", ai.Shorten(text, maxTold))
		}
		if int64(ask.Until.Sub(ask.Since)/ask.Step) > maxSteps {
			return ask, invalid("step", "step %s: makes more than %d steps of that time: ask for a longer step", ask.Step, maxSteps)
		}
	}
	return ask, nil
}

// mayAsk says whether the one who asks may see a dimension; field is where it
// was asked for.
func (q *request) mayAsk(name, field string) error {
	may := dimensions
	if q.token() != "" {
		may = ownDimensions
	}
	if slices.Contains(may, name) {
		return nil
	}
	return invalid(field, "%s %q is not known; there are %s", field, ai.Shorten(name, maxTold), strings.Join(may, ", "))
}

// narrow reads the values of dimensions that are wanted, and narrows them to
// what the one who asks may see.
func (q *request) narrow(ask *StatisticsQuestion) error {
	for _, name := range dimensions {
		if v := q.r.URL.Query().Get(name); v != "" {
			if err := q.mayAsk(name, "filter"); err != nil {
				return err
			}
			ask.Where[name] = v
		}
	}
	if own := q.token(); own != "" {
		ask.Where["token"] = own
	}
	return nil
}

func statistics(q *request) (any, error) {
	query := q.r.URL.Query()
	ask, err := q.span()
	if err != nil {
		return nil, err
	}
	if text := query.Get("by"); text != "" {
		for name := range strings.SplitSeq(text, ",") {
			if err := q.mayAsk(name, "by"); err != nil {
				return nil, err
			}
			if slices.Contains(ask.By, name) {
				return nil, invalid("by", "by: %s stands there twice", name)
			}
			ask.By = append(ask.By, name)
		}
	}
	if err := q.narrow(&ask); err != nil {
		return nil, err
	}
	if ask.Quantiles, err = truth(query, "quantiles"); err != nil {
		return nil, err
	}
	return q.op.Statistics(q.r.Context(), ask)
}

// truth reads a parameter that is true or false.
func truth(query url.Values, name string) (bool, error) {
	switch text := query.Get(name); text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, invalid(name, "%s %q: must be true or false", name, ai.Shorten(text, maxTold))
	}
}

func budgets(q *request) (any, error) {
	list := q.op.Budgets(serverTime())
	if own := q.token(); own != "" {
		list = slices.DeleteFunc(list, func(b Budget) bool { return b.Kind != "token" || b.Name != own })
	}
	return list, nil
}

// loginWatch is how often a stream of events looks whether its login still
// counts.
const loginWatch = 5 * time.Second

func live(q *request) (any, error) {
	shared := q.op.Shared()
	q.answered = true
	ctx, cancel := context.WithCancel(q.r.Context())
	defer cancel()
	if !q.session.Expires.IsZero() {
		var end context.CancelFunc
		ctx, end = context.WithDeadline(ctx, q.session.Expires)
		defer end()
	}
	go q.watchLogin(ctx, cancel)
	return nil, shared.Hub.ServeSSE(q.w, q.r.WithContext(ctx), q.token(), shared.stopOf(q.r))
}

// watchLogin ends a stream when its login was revoked, or its token is none any
// more.
func (q *request) watchLogin(ctx context.Context, end context.CancelFunc) {
	tick := time.NewTicker(loginWatch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := whoHas(ctx, q.op, q.credential); errors.Is(err, ErrNoSession) {
			end()
			return
		}
	}
}

func rotate(q *request) (any, error) { return q.op.Rotate(q.r.Context(), q.actor()) }

func audit(q *request) (any, error) {
	query := q.r.URL.Query()
	f := AuditFilter{Actor: query.Get("actor"), Action: query.Get("action"), Kind: query.Get("kind"), Channel: query.Get("channel")}
	var err error
	if f.Limit, err = pageOf(query); err != nil {
		return nil, err
	}
	if f.Since, err = moment(query, "since"); err != nil {
		return nil, err
	}
	if f.Until, err = moment(query, "until"); err != nil {
		return nil, err
	}
	if text := query.Get("before"); text != "" {
		if f.Before, err = strconv.ParseInt(text, 10, 64); err != nil || f.Before < 1 {
			return nil, invalid("before", "before %q: must be the id of an entry", ai.Shorten(text, maxTold))
		}
	}
	list, err := q.op.Audit(q.r.Context(), f)
	if list == nil {
		list = []AuditEntry{}
	}
	return list, err
}
