package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/store"
)

// original is a channel as the original ccLoad has it, from whichever file.
type original struct {
	row    store.OriginalRow // its columns, by the names of the database
	line   int
	keys   []originalKey
	models []originalModel
	off    map[string]bool // addresses that are switched off
}

type originalKey struct {
	secret, note, strategy string
	disabled               bool
	ownSettings            bool // models, a price or a priority of its own
}

type originalModel struct {
	name, redirect   string
	disabled, priced bool
}

// importer turns the original's channels and tokens into ours.
type importer struct {
	*collector
	notes notes
	// rules and interval are settings that hold for all channels.
	rules    string
	interval string
}

// done returns the file with everything that came up.
func (im *importer) done() *File {
	im.file.Notes = im.notes.list()
	return im.collector.done()
}

// names gives the channels names that fit here.
func (im *importer) names(list []*original) {
	names := make([]string, len(list))
	for i, o := range list {
		names[i] = o.row["name"]
	}
	for i, name := range fitNames(names, "channel") {
		if name != names[i] {
			where := ""
			if list[i].line > 0 {
				where = fmt.Sprintf("line %d: ", list[i].line)
			}
			im.notes.add("", fmt.Sprintf("%sthe channel %q is called %q here, because its name is taken or not possible", where, ai.Shorten(names[i], maxTold), ai.Shorten(name, maxTold)))
		}
		list[i].row["name"] = name
	}
}

// originalDatabase turns the rows of the original's database into ours.
func originalDatabase(d *store.OriginalData) *File {
	im := &importer{collector: newCollector(FormatOriginalSQLite)}
	im.notes.add("", "the log of calls, statistics, debug logs and what cools down at the moment are not carried over")
	im.settings(d.Settings)
	byID := make(map[string]*original, len(d.Channels))
	list := make([]*original, 0, len(d.Channels))
	for _, row := range d.Channels {
		o := &original{row: row, off: make(map[string]bool)}
		byID[row["id"]] = o
		list = append(list, o)
	}
	for _, row := range d.Keys {
		if o := byID[row["channel_id"]]; o != nil {
			o.keys = append(o.keys, keyOf(row))
		}
	}
	for _, row := range d.Models {
		if o := byID[row["channel_id"]]; o != nil {
			o.models = append(o.models, originalModel{
				name: row["model"], redirect: row["redirect_model"], disabled: truth(row["disabled"]),
				priced: row["pricing"] != "" && row["pricing"] != "{}",
			})
		}
	}
	for _, row := range d.URLStates {
		if o := byID[row["channel_id"]]; o != nil && truth(row["disabled"]) {
			o.off[row["url"]] = true
		}
	}
	im.names(list)
	for _, o := range list {
		im.add(o)
	}
	im.tokens(d.Tokens, byID)
	return im.done()
}

func keyOf(row store.OriginalRow) originalKey {
	multiplier := row["cost_multiplier"]
	return originalKey{
		secret: strings.TrimSpace(row["api_key"]), note: row["note"], strategy: row["key_strategy"],
		disabled:    truth(row["disabled"]) || truth(row["model_scope_empty"]),
		ownSettings: !blank(row["allowed_models"]) || !blank(row["priority"]) || multiplier != "" && multiplier != "1",
	}
}

// settings keeps the settings that act on channels, and tells of the others
// that somebody has changed. Their values are not told: some are secrets.
func (im *importer) settings(rows []store.OriginalRow) {
	var ignored []string
	for _, row := range rows {
		switch key, value := row["key"], row["value"]; {
		case key == "global_cooldown_detection_rules":
			im.rules = value
		case key == "channel_check_interval_hours":
			im.interval = value
		case value != row["default_value"]:
			ignored = append(ignored, shown(key))
		}
	}
	if len(ignored) > 0 {
		im.notes.add("", "these settings differ from their defaults and are not carried over, because here they belong to the configuration: "+strings.Join(ignored, ", "))
	}
}

// The columns of the original's CSV, and of its database's table channels.
var (
	originalUsed = []string{
		"name", "api_key", "urls", "url", "channel_type", "priority", "rpm_limit", "max_concurrency", "models", "model_redirects",
		"protocol_transform_mode", "key_strategy", "enabled", "scheduled_check_enabled", "scheduled_check_model",
		"scheduled_check_interval_minutes", "cooldown_detection_rules", "retry_other_keys_on_failure", "auth_type",
		"oauth_credential", "websockets", "daily_cost_limit", "cost_multiplier", "custom_request_rules", "proxy_url",
		"available_time_start", "available_time_end", "model_pricing",
		"api_key_allowed_models", "api_key_cost_multipliers", "api_key_priorities", "api_key_model_scope_empty",
	}
	// originalSilent say nothing that could be carried over.
	originalSilent = []string{"id", "created_at", "updated_at", "cooldown_until", "cooldown_duration_ms", "scheduled_check_start_time", "protocol_transforms"}
)

// originalAliases are other names of the original's columns.
var originalAliases = map[string]string{
	"apikey": "api_key", "api-key": "api_key", "api key": "api_key", "api_keys": "api_key",
	"model": "models", "model_list": "models", "model(s)": "models",
	"model_redirect": "model_redirects", "model-redirects": "model_redirects", "modelredirects": "model_redirects", "redirects": "model_redirects",
	"key-strategy": "key_strategy", "keystrategy": "key_strategy", "策略": "key_strategy", "使用策略": "key_strategy",
	"rpm-limit": "rpm_limit", "rpmlimit": "rpm_limit", "rpm limit": "rpm_limit",
	"max-concurrency": "max_concurrency", "maxconcurrency": "max_concurrency", "max concurrency": "max_concurrency",
	"concurrency": "max_concurrency", "concurrency_limit": "max_concurrency", "concurrency-limit": "max_concurrency",
	"scheduled-check-enabled": "scheduled_check_enabled", "scheduledcheckenabled": "scheduled_check_enabled", "scheduled check enabled": "scheduled_check_enabled",
	"scheduled-check-model": "scheduled_check_model", "scheduledcheckmodel": "scheduled_check_model", "scheduled check model": "scheduled_check_model",
	"channel-type": "channel_type", "channeltype": "channel_type", "type": "channel_type",
	"status": "enabled", "名称": "name", "渠道名称": "name", "优先级": "priority", "模型": "models", "启用": "enabled", "类型": "channel_type",
}

func originalColumn(name string) string {
	if column, ok := originalAliases[name]; ok {
		return column
	}
	return name
}

// isOriginal reports whether a column is one of the original's alone.
func isOriginal(name string) bool {
	return columnOf(name) == nil && slices.Contains(originalUsed, name)
}

// originalRows reads the original's CSV. names are its columns by their usual
// names, written as they stand in the file.
func originalRows(names, written []string) func(ctx context.Context, t *table) (*File, error) {
	return func(ctx context.Context, t *table) (*File, error) {
		im := &importer{collector: newCollector(FormatOriginalCSV)}
		im.notes.add("", "a CSV export of the original lacks tokens, and of channels the cost multiplier, daily limit, request rules, proxy, hours and what is noted of keys: its database, ccload.db, has them")
		for i, name := range names {
			if name != "" && !slices.Contains(originalUsed, name) && !slices.Contains(originalSilent, name) {
				im.notes.add("", fmt.Sprintf("the column %d, %s, is not known and left out", i+1, shown(written[i])))
			}
		}
		var list []*original
		err := t.rows(ctx, len(names), im.collector, func(cells []string, line int) {
			row := make(store.OriginalRow, len(cells))
			for i, name := range names {
				if name != "" {
					row[name] = strings.TrimSpace(cells[i])
				}
			}
			o := &original{row: row, line: line}
			for _, secret := range splitList(row["api_key"]) {
				o.keys = append(o.keys, originalKey{secret: secret, strategy: row["key_strategy"]})
			}
			list = append(list, o)
		})
		if err != nil {
			return nil, err
		}
		im.names(list)
		for _, o := range list {
			o.keySettings()
			if !blank(o.row["model_pricing"]) {
				im.notes.add(o.row["name"], notePrices)
			}
			im.add(o)
		}
		return im.done(), nil
	}
}

// keySettings reads the columns of a CSV that have a list with a value for each
// key.
func (o *original) keySettings() {
	each := func(column string, own func(value any) bool) {
		var values []any
		if json.Unmarshal([]byte(o.row[column]), &values) != nil {
			return
		}
		for i := range min(len(values), len(o.keys)) {
			if own(values[i]) {
				o.keys[i].ownSettings = true
			}
		}
	}
	each("api_key_allowed_models", func(v any) bool { models, _ := v.([]any); return len(models) > 0 })
	each("api_key_cost_multipliers", func(v any) bool { return v != nil && v != 1.0 })
	each("api_key_priorities", func(v any) bool { return v != nil && v != 0.0 })
	var none []bool
	if json.Unmarshal([]byte(o.row["api_key_model_scope_empty"]), &none) == nil {
		for i := range min(len(none), len(o.keys)) {
			o.keys[i].disabled = o.keys[i].disabled || none[i]
		}
	}
}

// blank reports whether a value says nothing.
func blank(value string) bool {
	return slices.Contains([]string{"", "0", "{}", "[]", "null", "false"}, strings.TrimSpace(value))
}

// truths are the words for yes and no that the original reads.
var truths = map[string]bool{
	"1": true, "true": true, "yes": true, "y": true, "on": true, "enabled": true, "enable": true, "启用": true, "是": true,
	"0": false, "false": false, "no": false, "n": false, "off": false, "disabled": false, "disable": false, "禁用": false, "停用": false, "否": false, "": false,
}

// truth reads a switch; what is no such word is off.
func truth(value string) bool { return truths[strings.ToLower(strings.TrimSpace(value))] }

// toggle reads a switch of a channel; nothing is usual.
func toggle(row store.OriginalRow, field string, usual bool) (bool, error) {
	if row[field] == "" {
		return usual, nil
	}
	value, known := truths[strings.ToLower(row[field])]
	if !known {
		return false, wrong(row, field, "must be true or false")
	}
	return value, nil
}

func wrong(row store.OriginalRow, field, problem string) error {
	return &config.Error{Thing: KindChannel, Name: row["name"], Field: field, Problem: problem}
}

// number reads a whole number; nothing is 0.
func number(row store.OriginalRow, field string) (int, error) {
	text := row[field]
	if text == "" {
		return 0, nil
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f == float64(int(f)) && f > -1e15 && f < 1e15 {
		return int(f), nil
	}
	return 0, wrong(row, field, "must be a whole number")
}

// amount reads a number; nothing is absent.
func amount(row store.OriginalRow, field string) (value float64, given bool, err error) {
	if row[field] == "" {
		return 0, false, nil
	}
	value, err = strconv.ParseFloat(row[field], 64)
	if err != nil || value != value {
		return 0, false, wrong(row, field, "must be a number")
	}
	return value, true, nil
}
