package transfer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
)

// What is told of settings that have no counterpart.
const (
	noteKeySettings = "models, priorities and cost multipliers of single keys have no counterpart: all keys of a channel are used alike"
	noteSequential  = "keys are used in turn here, not always the first that works (key_strategy sequential)"
	notePrices      = "prices of a channel's models have no counterpart: cost_multiplier, or a file of prices for all channels"
	noteUpstream    = "protocol_transform_mode upstream has no counterpart: what an address does not speak is translated; protocols says what it speaks"
	noteLocal       = "protocol_transform_mode local has no counterpart: what an address speaks is learned from its answers; protocols says what it speaks"
	noteRetry       = "retry_other_keys_on_failure has no counterpart: whether another key may help is decided by the answer, and by cooldown_rules"
	noteWebsockets  = "websockets has no counterpart"
	noteManagement  = "the account for managing a channel has no counterpart"
	noteHours       = "hours were in the local time of the original's machine and are taken for UTC: set their zone"
	noteNoKeys      = "no key is in use, so the channel is disabled: it would send requests without one"
	noteNoModels    = "no model is in use, so the channel is disabled: without any it would serve all"
	noteOffModels   = "models that were switched off are left out"
	noteOffURLs     = "addresses that were switched off are left out"
	noteAllOffURLs  = "all addresses were switched off, which the original did not heed; they are kept"
	noteTwice       = "what stood there twice, a key, an address or a model, is carried over once"
	notePattern     = "a model with a * stands for all that fit here; in the original only * alone did"
	noteRedirects   = "model_redirects of models that a channel does not have are left out"
	noteAnyMixed    = "the model * with another name upstream, beside other models, has no counterpart and is left out"
	noteFree        = "the cost multiplier is 0, so calls cost nothing; the original also stored 0 when none was given"
	noteNoCheck     = "scheduled checks are left out, because no model is named that could be asked"
	noteChecksOff   = "scheduled checks are left out, because the original's interval switches them off"
	notePrivate     = "the address may be one of your own network: if its name resolves to a private address, allow_private_addresses permits that"
)

// add turns a channel into ours. One that cannot be used is a problem.
func (im *importer) add(o *original) {
	name := o.row["name"]
	if kind := strings.ToLower(strings.TrimSpace(o.row["auth_type"])); kind != "" && kind != "api_key" {
		im.problem(o.line, CodeUnsupported, name, "auth_type", fmt.Sprintf("channel %q: auth_type: it signs in with a subscription (OAuth), which has no counterpart: use a channel with a key", ai.Shorten(name, maxTold)))
		return
	}
	ch := Channel{Channel: config.Channel{Name: name, Proxy: o.row["proxy_url"]}}
	for _, step := range []func(*original, *Channel) error{
		im.numbers, im.addresses, im.keysOf, im.modelsOf, im.hours, im.check, im.rulesOf, im.requestRules, im.remarks,
	} {
		if err := step(o, &ch); err != nil {
			secrets := make([]string, 0, len(o.keys))
			for _, k := range o.keys {
				secrets = append(secrets, k.secret)
			}
			im.fail(o.line, name, err, secrets...)
			return
		}
	}
	im.channel(o.line, ch)
}

func (im *importer) numbers(o *original, ch *Channel) error {
	for _, n := range []struct {
		field string
		into  *int
	}{{"priority", &ch.Priority}, {"rpm_limit", &ch.RPM}, {"max_concurrency", &ch.MaxConcurrency}} {
		var err error
		if *n.into, err = number(o.row, n.field); err != nil {
			return err
		}
	}
	enabled, err := toggle(o.row, "enabled", true)
	if err != nil {
		return err
	}
	ch.Disabled = !enabled
	if ch.DailyBudget, _, err = amount(o.row, "daily_cost_limit"); err != nil {
		return err
	}
	multiplier, given, err := amount(o.row, "cost_multiplier")
	if err != nil {
		return err
	}
	if given && multiplier != 1 {
		ch.CostMultiplier = &multiplier
	}
	if given && multiplier == 0 {
		im.notes.add(ch.Name, noteFree)
	}
	return nil
}

// originalProtocols are ours by the original's names.
var originalProtocols = map[string]string{
	"anthropic": "anthropic", "openai": "openai", "gemini": "gemini", "codex": "responses", "responses": "responses",
}

func (im *importer) addresses(o *original, ch *Channel) error {
	text := o.row["urls"]
	if text == "" {
		text = o.row["url"]
	}
	urls, structured, err := parseURLs(o, text)
	if err != nil {
		return err
	}
	if kind := strings.ToLower(o.row["channel_type"]); kind != "" && !structured {
		protocol, known := originalProtocols[kind]
		if !known {
			return wrong(o.row, "channel_type", "must be anthropic, codex, openai or gemini")
		}
		ch.Protocols = []string{protocol}
	}
	on := make([]config.URL, 0, len(urls))
	for _, u := range urls {
		if o.off[u.URL] || o.off[strings.TrimSuffix(u.URL, "#")] {
			continue
		}
		on = append(on, u)
	}
	switch {
	case len(on) == 0 && len(urls) > 0:
		im.notes.add(ch.Name, noteAllOffURLs)
		on = urls
	case len(on) < len(urls):
		im.notes.add(ch.Name, noteOffURLs)
	}
	for _, u := range on {
		if slices.ContainsFunc(ch.URLs, func(v config.URL) bool { return v.URL == u.URL }) {
			im.notes.add(ch.Name, noteTwice)
			continue
		}
		ch.URLs = append(ch.URLs, u)
		if base, err := u.Parse(); err == nil && !base.Literal() && ownNetwork(base.Host()) {
			im.notes.add(ch.Name, notePrivate)
		}
	}
	return nil
}

// ownNetwork reports whether a host's name is one that only a network of one's
// own knows, such as that of a container.
func ownNetwork(host string) bool {
	name, _, _ := strings.Cut(host, ":")
	if !strings.Contains(name, ".") {
		return true
	}
	return slices.ContainsFunc([]string{".local", ".internal", ".lan", ".home.arpa"}, func(end string) bool { return strings.HasSuffix(name, end) })
}

// parseURLs reads the addresses: JSON of newer versions, which says what each
// of them speaks, or a text with one a line of older ones.
func parseURLs(o *original, text string) (urls []config.URL, structured bool, err error) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "[") {
		for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune("\r\n,; \t", r) }) {
			urls = append(urls, config.URL{URL: strings.TrimRight(line, "/")})
		}
		return urls, false, nil
	}
	var elements []json.RawMessage
	if json.Unmarshal([]byte(text), &elements) != nil {
		return nil, false, wrong(o.row, "urls", "is no valid JSON")
	}
	for i, e := range elements {
		var u struct {
			URL       string   `json:"url"`
			Exact     bool     `json:"exact"`
			Protocols []string `json:"protocols"`
		}
		if json.Unmarshal(e, &u.URL) != nil && json.Unmarshal(e, &u) != nil {
			return nil, false, wrong(o.row, "urls", "number "+strconv.Itoa(i+1)+" is no address")
		}
		ours := config.URL{URL: strings.TrimSpace(u.URL)}
		if u.Exact && !strings.HasSuffix(ours.URL, "#") {
			ours.URL += "#"
		}
		for _, p := range u.Protocols {
			protocol, known := originalProtocols[strings.ToLower(strings.TrimSpace(p))]
			if !known {
				return nil, false, wrong(o.row, "urls", "number "+strconv.Itoa(i+1)+" has a protocol that is not known")
			}
			if !slices.Contains(ours.Protocols, protocol) {
				ours.Protocols = append(ours.Protocols, protocol)
			}
		}
		urls = append(urls, ours)
	}
	return urls, true, nil
}

func (im *importer) keysOf(o *original, ch *Channel) error {
	if len(o.keys) == 0 { // of versions that had them in the channel's row
		for _, secret := range splitList(o.row["api_key"]) {
			o.keys = append(o.keys, originalKey{secret: secret, strategy: o.row["key_strategy"]})
		}
	}
	used := false
	for _, k := range o.keys {
		switch {
		case k.secret == "":
			continue
		case slices.ContainsFunc(ch.Keys, func(l Key) bool { return l.Secret == k.secret }):
			im.notes.add(ch.Name, noteTwice)
			continue
		case config.HasPlaceholder(k.secret):
			// It would be replaced here by something it has never stood for.
			return wrong(o.row, "keys", "#"+strconv.Itoa(len(ch.Keys)+1)+" holds what is a placeholder here ({…})")
		}
		ch.Keys = append(ch.Keys, Key{Secret: k.secret, Note: k.note, Disabled: k.disabled})
		used = used || !k.disabled
	}
	if slices.ContainsFunc(o.keys, func(k originalKey) bool { return k.ownSettings }) {
		im.notes.add(ch.Name, noteKeySettings)
	}
	if len(ch.Keys) > 1 && o.keys[0].strategy != "round_robin" {
		im.notes.add(ch.Name, noteSequential)
	}
	if !used {
		im.notes.add(ch.Name, noteNoKeys)
		ch.Disabled = true
	}
	return nil
}

func (im *importer) hours(o *original, ch *Channel) error {
	from, to := o.row["available_time_start"], o.row["available_time_end"]
	if from == "" && to == "" {
		return nil
	}
	ch.Hours = &config.Hours{From: from, To: to}
	im.notes.add(ch.Name, noteHours)
	return nil
}

func (im *importer) check(o *original, ch *Channel) error {
	on, err := toggle(o.row, "scheduled_check_enabled", false)
	if err != nil || !on {
		return err
	}
	interval := 5 * time.Hour // what the original asks for where nothing is said
	if o.row["scheduled_check_interval_minutes"] != "" {
		minutes, err := number(o.row, "scheduled_check_interval_minutes")
		if err != nil {
			return err
		}
		interval = time.Duration(minutes) * time.Minute
	} else if hours, err := strconv.Atoi(im.interval); err == nil {
		interval = time.Duration(hours) * time.Hour
	}
	if interval <= 0 {
		im.notes.add(ch.Name, noteChecksOff)
		return nil
	}
	ch.HealthCheck = &config.HealthCheck{Model: o.row["scheduled_check_model"], Interval: config.NewDuration(interval)}
	if strings.Contains(ch.HealthCheck.Model, "*") || ch.CheckModel() == "" {
		ch.HealthCheck = nil
		im.notes.add(ch.Name, noteNoCheck)
	}
	return nil
}

// remarks tells of what a channel has and has no counterpart.
func (im *importer) remarks(o *original, ch *Channel) error {
	switch strings.ToLower(o.row["protocol_transform_mode"]) {
	case "", "auto":
	case "upstream":
		im.notes.add(ch.Name, noteUpstream)
	case "local":
		im.notes.add(ch.Name, noteLocal)
	default:
		return wrong(o.row, "protocol_transform_mode", "must be auto, upstream or local")
	}
	for _, s := range []struct{ field, note string }{{"retry_other_keys_on_failure", noteRetry}, {"websockets", noteWebsockets}} {
		on, err := toggle(o.row, s.field, false)
		if err != nil {
			return err
		}
		if on {
			im.notes.add(ch.Name, s.note)
		}
	}
	if !blank(o.row["oauth_credential"]) {
		im.notes.add(ch.Name, noteManagement)
	}
	return nil
}
