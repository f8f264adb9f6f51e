package admin

import (
	"net/http"
	"slices"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/pricing"
)

// audience is who may ask. The zero value is nobody: a route that says nothing
// is not served.
type audience int

const (
	nobody    audience = iota
	anyone             // also before a login
	holders            // of a client token, for their own numbers; and operators
	operators          // those who know the admin password
)

// route is one line of the API's table. The table is what is served, what is
// authorised by, and what the description at api/openapi.json is made of.
type route struct {
	method, path string
	who          audience
	summary      string
	query        []parameter
	body         any              // a value of the type of the request's body; nil: it has none
	answer       any              // a value of the type of data in the answer
	file         bool             // the request's body is a file
	form         object           // the schema of a form that may be sent instead
	status       int              // of a good answer; 0 is 200
	raw          string           // Content-Type of an answer that is not in an envelope
	events       map[string][]any // the events of a stream, and values of the types of their data
	handle       func(q *request) (any, error)
}

func (r *route) goodStatus() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// parameter is one of a query.
type parameter struct{ name, doc string }

// required is the doc of a parameter that has to be given.
const required = "required"

var (
	pageParameters = []parameter{{"limit", "how many, 1 to 500; default 50"}}
	callParameters = append([]parameter{
		{"token", "name, or a pattern with *"},
		{"channel", "name, or a pattern with *"},
		{"model", "name, or a pattern with *"},
		{"outcome", "what became of it, such as ok or rate_limited"},
		{"status", "status the client got"},
		{"class", "as what it is counted: ok, failed_over, caller or failed"},
		{"protocol", "in which it was asked"},
		{"longer", "took at least as long as this, such as 500ms or 10s"},
		{"text", "some of its id, its model or what went wrong"},
		{"since", "arrived at this moment (RFC 3339) or later"},
		{"until", "arrived before this moment"},
		{"before", "id of the last call of the page before"},
	}, pageParameters...)
	statisticsParameters = []parameter{
		{"since", "moment (RFC 3339); default: a day before until"},
		{"until", "moment; default: now"},
		{"step", "width of a bucket, such as 5m, 1h or 24h; default, where there is one: one sum"},
		{"by", "dimensions to group by: channel, key, model, token, protocol, outcome; separated by commas"},
		{"quantiles", "true: with the quantiles of durations"},
	}
	dimensionParameters = []parameter{
		{"channel", "only this one"},
		{"key", "only this one"},
		{"model", "only this one, or a pattern with *"},
		{"token", "only this one"},
		{"protocol", "only this one"},
		{"outcome", "only this one"},
	}
	costParameters = slices.Concat([]parameter{
		{"since", "moment (RFC 3339); default: a day before until"},
		{"until", "moment; default: now"},
		{"rows", "dimension of the rows: channel (default), model, token, protocol, outcome, key or day; of the holder of a token: model (default), protocol, outcome or day"},
		{"columns", "dimension of the columns, another one; default: none"},
		{"most_rows", "how many rows at most, the costliest; what the others came to is one row; 1 to 1000, default 1000"},
		{"most_columns", "the same of columns; 1 to 100, default 100"},
		{"step", "with a series: width of its steps, such as 1h or 24h"},
		{"show", "of cells of a file: cost (default), list_cost, calls or tokens"},
	}, dimensionParameters)
)

// routes is set in init, because a handler reads it: the description.
var routes []route

func init() {
	routes = []route{
		{method: http.MethodPost, path: "login", who: anyone, summary: "Log in with the admin password, or with a client token to see its own numbers", body: Login{}, answer: Session{}, handle: login},
		{method: http.MethodPost, path: "logout", who: holders, summary: "End this login", answer: Session{}, handle: logout},
		{method: http.MethodPost, path: "logout/all", who: operators, summary: "End every login with the admin password, on all nodes", answer: Session{}, handle: logoutAll},
		{method: http.MethodGet, path: "session", who: anyone, summary: "Who is logged in", answer: Session{}, handle: session},
		{method: http.MethodGet, path: "openapi.json", who: anyone, summary: "This description", raw: "application/json", answer: map[string]any{}, handle: describe},
		{method: http.MethodGet, path: "catalogue", who: holders, summary: "What this build knows: protocols, providers, policies, settings", answer: Catalogue{}, handle: func(q *request) (any, error) { return q.op.Catalogue(), nil }},
		{method: http.MethodGet, path: "status", who: operators, summary: "The gateway at a glance", answer: Status{}, handle: func(q *request) (any, error) { return q.op.Status(q.r.Context()), nil }},

		{method: http.MethodGet, path: "channels", who: operators, summary: "All channels: settings and state", answer: []ChannelView{}, handle: listChannels},
		{method: http.MethodPost, path: "channels", who: operators, summary: "Make a channel", body: ChannelConfig{}, answer: ChannelConfig{}, status: http.StatusCreated, handle: createChannel},
		{method: http.MethodGet, path: "channels/{name}", who: operators, summary: "One channel: settings and state", answer: ChannelView{}, handle: getChannel},
		{method: http.MethodPut, path: "channels/{name}", who: operators, summary: "Replace a channel; keys that are left out stay", body: ChannelConfig{}, answer: ChannelConfig{}, handle: replaceChannel},
		{method: http.MethodPatch, path: "channels/{name}", who: operators, summary: "Change some settings of a channel (JSON merge patch)", body: ChannelConfig{}, answer: ChannelConfig{}, handle: patchChannel},
		{method: http.MethodDelete, path: "channels/{name}", who: operators, summary: "Remove a channel", answer: Removed{}, handle: removeChannel},
		{method: http.MethodPost, path: "channels/batch", who: operators, summary: "Change or remove several channels, all or none", body: Batch{}, answer: BatchResult{}, handle: batchChannels},
		{method: http.MethodPost, path: "channels/{name}/test", who: operators, summary: "Ask the channel for a short answer, of one or all its models", body: TestQuestion{}, answer: []TestAnswer{}, handle: testChannel},
		{method: http.MethodGet, path: "channels/{name}/health", who: operators, summary: "How a channel did in a range, step by step", query: statisticsParameters[:3], answer: ChannelHealth{}, handle: channelHealth},
		{method: http.MethodPost, path: "channels/{name}/models/fetch", who: operators, summary: "Ask the channel's upstream which models it has", answer: Models{}, handle: fetchModels},
		{method: http.MethodPost, path: "models/fetch", who: operators, summary: "Ask the upstream of a channel that is not saved yet which models it has", body: ChannelConfig{}, answer: Models{}, handle: fetchModelsOf},
		{method: http.MethodPost, path: "channels/{name}/keys", who: operators, summary: "Add, remove, switch and note some keys of a channel", body: KeyChange{}, answer: KeyChanged{}, handle: changeKeys},
		{method: http.MethodPost, path: "rules/test", who: operators, summary: "What cooldown rules would make of an answer", body: RulesQuestion{}, answer: RulesAnswer{}, handle: testRules},
		{method: http.MethodPost, path: "edits/test", who: operators, summary: "What body_set and body_remove would make of a request", body: EditsQuestion{}, answer: EditsAnswer{}, handle: testEdits},

		{method: http.MethodGet, path: "tokens", who: operators, summary: "All client tokens", answer: []TokenConfig{}, handle: func(q *request) (any, error) { return q.op.TokenConfigs(), nil }},
		{method: http.MethodPost, path: "tokens", who: operators, summary: "Make a client token; the answer holds its secret, this once", body: TokenConfig{}, answer: TokenConfig{}, status: http.StatusCreated, handle: createToken},
		{method: http.MethodGet, path: "tokens/{name}", who: operators, summary: "One client token", answer: TokenConfig{}, handle: getToken},
		{method: http.MethodPut, path: "tokens/{name}", who: operators, summary: "Replace a client token; it keeps its secret unless another is given", body: TokenConfig{}, answer: TokenConfig{}, handle: replaceToken},
		{method: http.MethodPatch, path: "tokens/{name}", who: operators, summary: "Change some settings of a client token (JSON merge patch)", body: TokenConfig{}, answer: TokenConfig{}, handle: patchToken},
		{method: http.MethodGet, path: "token-use", who: operators, summary: "When each client token was used last", answer: []TokenUse{}, handle: tokenUse},
		{method: http.MethodDelete, path: "tokens/{name}", who: operators, summary: "Remove a client token", answer: Removed{}, handle: removeToken},

		{method: http.MethodGet, path: "aliases", who: operators, summary: "All aliases", answer: []AliasConfig{}, handle: func(q *request) (any, error) { return q.op.AliasConfigs(), nil }},
		{method: http.MethodPost, path: "aliases", who: operators, summary: "Make an alias", body: AliasConfig{}, answer: AliasConfig{}, status: http.StatusCreated, handle: createAlias},
		{method: http.MethodGet, path: "aliases/{name}", who: operators, summary: "One alias", answer: AliasConfig{}, handle: getAlias},
		{method: http.MethodPut, path: "aliases/{name}", who: operators, summary: "Replace an alias", body: AliasConfig{}, answer: AliasConfig{}, handle: replaceAlias},
		{method: http.MethodDelete, path: "aliases/{name}", who: operators, summary: "Remove an alias", answer: Removed{}, handle: removeAlias},

		{method: http.MethodGet, path: "settings", who: operators, summary: "The settings in force", answer: SettingsConfig{}, handle: func(q *request) (any, error) { return withDefaults(q.op.Settings()), nil }},
		{method: http.MethodPut, path: "settings", who: operators, summary: "Replace the stored settings", body: config.Settings{}, answer: SettingsConfig{}, handle: replaceSettings},

		{method: http.MethodGet, path: "cooling", who: operators, summary: "Everything that rests or failed lately", answer: []health.Entry{}, handle: func(q *request) (any, error) { return cooling(q.op, q.r, "") }},
		{method: http.MethodPost, path: "cooling", who: operators, summary: "Let something rest", body: CooldownOrder{}, answer: Removed{}, handle: startCooldown},
		{method: http.MethodPost, path: "cooling/clear", who: operators, summary: "End rests early; what is left empty is any", body: health.Ref{}, answer: Cleared{}, handle: clearCooldowns},

		{method: http.MethodGet, path: "running", who: holders, summary: "Calls under way, the oldest first, 500 at most", answer: RunningCalls{}, handle: runningCalls},
		{method: http.MethodPost, path: "running/{id}/end", who: operators, summary: "End a call under way; its client is told, and its record says who did it", body: EndOrder{}, answer: Removed{}, handle: endCall},

		{method: http.MethodPost, path: "playground", who: operators, summary: "Make a call as a client would, and answer with its answer; X-Ccload-Request-Id is its id", body: Play{}, raw: "application/octet-stream", answer: "", handle: play},

		{method: http.MethodGet, path: "calls", who: holders, summary: "Calls, the newest first", query: callParameters, answer: CallPage{}, handle: listCalls},
		{method: http.MethodGet, path: "calls/{id}", who: holders, summary: "One call completely: attempts, and why others were left out", answer: ai.Record{}, handle: getCall},
		{method: http.MethodGet, path: "calls.csv", who: holders, summary: "The same calls as a file, 100,000 at most", query: callParameters, raw: "text/csv", answer: "", handle: exportCalls},
		{method: http.MethodGet, path: "calls/volume", who: holders, summary: "How many calls there were, step by step", query: append([]parameter{{"class", "only those counted as ok, failed_over, caller or failed"}}, slices.Concat(statisticsParameters[:3], dimensionParameters)...), answer: CallVolume{}, handle: callVolume},
		{method: http.MethodGet, path: "calls/{id}/price", who: operators, summary: "How the cost of a call comes about", answer: []PricedAttempt{}, handle: callPrice},
		{method: http.MethodGet, path: "costs", who: holders, summary: "What calls cost, as a table of one or two dimensions", query: costParameters, answer: Costs{}, handle: func(q *request) (any, error) { return costs(q) }},
		{method: http.MethodGet, path: "costs.csv", who: holders, summary: "The same table as a file", query: costParameters, raw: "text/csv", answer: "", handle: exportCosts},
		{method: http.MethodGet, path: "burndown", who: holders, summary: "How a budget is spent in its day or month", query: []parameter{{"kind", "token or channel"}, {"name", required}, {"period", "day (default) or month"}}, answer: Burndown{}, handle: burndown},
		{method: http.MethodGet, path: "calls/{id}/bodies", who: operators, summary: "The bodies of a call, if they were captured", answer: Capture{}, handle: func(q *request) (any, error) { return q.op.Captured(q.r.Context(), q.r.PathValue("id")) }},
		{method: http.MethodGet, path: "explain", who: operators, summary: "Where a call would go now", query: []parameter{{"model", required}, {"protocol", "default anthropic"}, {"token", "name"}, {"conversation", "any text that stands for one"}, {"site", "a host of the site that would be asked; needed where sites differ"}}, answer: Explanation{}, handle: func(q *request) (any, error) { return explain(q.op, q.r, "") }},
		{method: http.MethodGet, path: "statistics", who: holders, summary: "Sums of calls, as a series or grouped", query: slices.Concat(statisticsParameters, dimensionParameters), answer: Statistics{}, handle: statistics},
		{method: http.MethodGet, path: "overview", who: operators, summary: "What the first page shows of a range", query: statisticsParameters[:3], answer: Overview{}, handle: overview},
		{method: http.MethodGet, path: "budgets", who: holders, summary: "What tokens and channels have spent, and may spend", answer: []Budget{}, handle: budgets},
		{method: http.MethodGet, path: "live", who: holders, summary: "Events as they happen (Server-Sent Events): snapshot, metrics, channel, running, calls", raw: "text/event-stream", events: liveEvents, answer: "", handle: live},

		{method: http.MethodGet, path: "price", who: operators, summary: "What a usage costs, and by which price", query: []parameter{{"model", required}, {"provider", ""}, {"at", "moment"}, {"tier", "service tier"}, {"region", ""}, {"input", "tokens"}, {"cached_input", ""}, {"cache_write", ""}, {"cache_write_1h", ""}, {"output", ""}, {"audio_input", ""}, {"image_input", ""}, {"cached_audio", ""}, {"cached_image", ""}, {"audio_output", ""}, {"image_output", ""}, {"web_searches", ""}}, answer: Priced{}, handle: func(q *request) (any, error) { return price(q.op, q.r, "") }},
		{method: http.MethodGet, path: "prices", who: operators, summary: "The prices of your own that are stored", answer: []pricing.Row{}, handle: func(q *request) (any, error) { return q.op.OwnPrices(q.r.Context()) }},
		{method: http.MethodPut, path: "prices", who: operators, summary: "Replace them by the body: CSV or JSON, as in a file of prices", file: true, answer: map[string]int{}, handle: func(q *request) (any, error) { return setPrices(q.op, q.r, "") }},
		{method: http.MethodPost, path: "reprice", who: operators, summary: "Price stored calls anew by the prices of today", query: []parameter{{"since", "moment; default: all"}}, answer: map[string]int{}, handle: func(q *request) (any, error) { return reprice(q.op, q.r, "") }},
		{method: http.MethodGet, path: "counting", who: operators, summary: "What replies have taught about counting tokens", answer: []any{}, handle: func(q *request) (any, error) { return q.op.Lessons(), nil }},

		{method: http.MethodPost, path: "import", who: operators, summary: "Import channels, tokens and aliases from a file: ours as JSON or CSV, or one of another system (the original ccLoad, LiteLLM, new-api, one-api, GPT-Load, CLIProxyAPI, claude-code-router, Portkey)", query: []parameter{{"dry_run", "true: only say what would be done"}, {"name", "of the file"}}, file: true, form: importFormSchema, answer: ImportResult{}, handle: importFile},
		{method: http.MethodGet, path: "export", who: operators, summary: "Export channels, tokens and aliases", query: []parameter{{"format", "json (default), csv, which has channels only, or caddyfile"}}, raw: "application/octet-stream", answer: "", handle: exportFile},
		{method: http.MethodPost, path: "export", who: operators, summary: "Export channels, tokens and aliases; with secrets if the admin password is given again", body: ExportOrder{}, raw: "application/octet-stream", answer: "", handle: exportSecrets},
		{method: http.MethodPost, path: "rotate", who: operators, summary: "Seal all stored secrets with a new encryption key", answer: Rotation{}, handle: rotate},
		{method: http.MethodGet, path: "audit", who: operators, summary: "Who changed what, the latest first", query: append([]parameter{{"before", "id of the last entry of the page before"}, {"channel", "only what was done to this one"}, {"actor", "only what was done by operator, command, or the holder of the token of this name"}, {"action", "only this, such as change or login"}, {"kind", "only what was done to this, such as channel or token"}, {"since", "done at this moment (RFC 3339) or later"}, {"until", "done before this moment"}}, pageParameters...), answer: []AuditEntry{}, handle: audit},
	}
}

// Login is what a login needs: one of them.
type Login struct {
	Password string `json:"password,omitempty"` // the admin password; or token, or code
	Token    string `json:"token,omitempty"`    // the secret of a client token
	Code     string `json:"code,omitempty"`     // of a login link, good for one login within ten minutes
}

// Session is who is logged in.
type Session struct {
	Role     string `json:"role"`              // operator, holder, or empty for nobody
	Token    string `json:"token,omitempty"`   // the name of the holder's token
	Password bool   `json:"password"`          // an admin password is configured
	Version  string `json:"version,omitempty"` // of the program; told to those who are logged in
	Expires  string `json:"expires,omitempty"` // moment at which the login ends (RFC 3339)
}

// ChannelView is a channel: what was set, and how it is.
type ChannelView struct {
	Config ChannelConfig `json:"config"` // its settings
	State  *Channel      `json:"state"`  // null: it is not used, see the log
}

// TokenUse is when a client token was used last.
type TokenUse struct {
	Name string `json:"name"` // of the token
	// LastUsed is when its last call arrived that is still in the log; absent if
	// there is none.
	LastUsed time.Time `json:"last_used,omitzero"`
}

// Removed says that something was done that has no other answer.
type Removed struct {
	Done bool `json:"done"` // always true
}

// Batch changes several channels.
type Batch struct {
	Names  []string       `json:"names"`            // of the channels
	Remove bool           `json:"remove,omitempty"` // remove them
	Clear  bool           `json:"clear,omitempty"`  // end their cooldowns
	Change map[string]any `json:"change,omitempty"` // settings for all of them (JSON merge patch)
	// Password is the admin password; see ChannelConfig.
	Password string `json:"password,omitempty"`
}

// BatchResult says how many channels were changed.
type BatchResult struct {
	Changed int `json:"changed"` // how many channels are different now
}

// Models is a list of models.
type Models struct {
	Models []string `json:"models"` // names, sorted
}

// CooldownOrder starts the cooldown of something.
type CooldownOrder struct {
	health.Ref
	Seconds int64 `json:"seconds"` // from now on; 1 to 31622400, which is a year
}

// Cleared says how many cooldowns have ended.
type Cleared struct {
	Cleared int `json:"cleared"` // how many cooldowns ended
}

// CallPage is some calls.
type CallPage struct {
	Calls []*ai.Record `json:"calls"`          // the newest first
	Next  string       `json:"next,omitempty"` // before of the next page; empty on the last

	// Searched is how far back was looked, where a search was ended before the
	// page was full: the next page goes on there.
	Searched time.Time `json:"searched,omitzero"`
}
