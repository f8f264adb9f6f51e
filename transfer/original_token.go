package transfer

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/store"
)

const (
	noteTokenCase    = "models of a token are compared with their upper and lower case here"
	noteWiderModels  = "a model with a * stands for all that fit here, which lets a token use more than the original did"
	noteSpent        = "what tokens have spent already does not count towards their limits here"
	noteGoneChannels = "channels that are not carried over are left out of what a token may use or may not use: check it when you make them by hand"
	noteUsage        = "counts and costs of tokens are not carried over"
)

// microUSD is the original's unit of money.
const microUSD = 1_000_000

// tokens turns the original's tokens into ours. It has of each only the hash.
func (im *importer) tokens(rows []store.OriginalRow, byID map[string]*original) {
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row["description"]
	}
	carried := make(map[string]bool, len(im.file.Set.Channels))
	for i := range im.file.Set.Channels {
		carried[im.file.Set.Channels[i].Name] = true
	}
	for i, name := range fitNames(names, "token", config.Anonymous) {
		if name != names[i] {
			im.notes.add("", fmt.Sprintf("the token %q is called %q here, because its description is taken, empty or not possible as a name", ai.Shorten(names[i], maxTold), ai.Shorten(name, maxTold)))
		}
		im.addToken(rows[i], name, func(id string) (string, bool) {
			o := byID[id]
			if o == nil || !carried[o.row["name"]] {
				return "", false
			}
			return o.row["name"], true
		})
	}
	if len(rows) > 0 {
		im.notes.add("", noteUsage)
	}
}

func (im *importer) addToken(row store.OriginalRow, name string, channel func(id string) (string, bool)) {
	t := Token{Token: config.Token{Name: name}}
	secret := row["token"]
	if raw, err := hex.DecodeString(secret); err == nil && len(raw) == 32 {
		t.SecretHash = strings.ToLower(secret)
	} else {
		t.Secret = secret
	}
	fail := func(field, problem string) {
		im.fail(0, name, &config.Error{Thing: KindToken, Name: name, Field: field, Problem: problem}, secret)
	}
	var wrong string
	whole := func(field string) int64 {
		if row[field] == "" {
			return 0
		}
		n, err := strconv.ParseInt(row[field], 10, 64)
		if f, e := strconv.ParseFloat(row[field], 64); err != nil && e == nil && math.Abs(f) < 1e15 {
			n, err = int64(f), nil
		}
		if err != nil {
			wrong = field
		}
		return n
	}
	t.Disabled = row["is_active"] != "" && !truth(row["is_active"])
	if at := whole("expires_at"); at != 0 {
		t.Expires = time.UnixMilli(at).UTC().Format(time.RFC3339)
	}
	t.Budget = config.Budget{
		Day:   float64(whole("cost_daily_limit_microusd")) / microUSD,
		Month: float64(whole("cost_monthly_limit_microusd")) / microUSD,
		Total: float64(whole("cost_limit_microusd")) / microUSD,
	}
	if t.Budget != (config.Budget{}) && whole("cost_used_microusd")+whole("cost_daily_used_microusd")+whole("cost_monthly_used_microusd") > 0 {
		im.notes.add(name, noteSpent)
	}
	t.MaxConcurrency = int(whole("max_concurrency"))
	if wrong != "" {
		fail(wrong, "must be a whole number")
		return
	}
	if text := row["allowed_models"]; !blank(text) {
		if json.Unmarshal([]byte(text), &t.Models) != nil {
			fail("allowed_models", "is no valid JSON list of names")
			return
		}
	}
	if len(t.Models) > 0 {
		im.notes.add(name, noteTokenCase)
	}
	if slices.ContainsFunc(t.Models, func(m string) bool { return strings.Contains(m, "*") }) {
		im.notes.add(name, noteWiderModels)
	}
	if problem := im.allowedChannels(&t, row, channel); problem != "" {
		fail("allowed_channel_ids", problem)
		return
	}
	im.token(0, t)
}

// allowedChannels sets which channels a token may use. It never lets it use
// more than before.
func (im *importer) allowedChannels(t *Token, row store.OriginalRow, channel func(id string) (string, bool)) (problem string) {
	text := row["allowed_channel_ids"]
	if blank(text) {
		return ""
	}
	var ids []int64
	if json.Unmarshal([]byte(text), &ids) != nil {
		return "is no valid JSON list of numbers"
	}
	var names []string
	for _, id := range ids {
		name, carried := channel(strconv.FormatInt(id, 10))
		if !carried {
			im.notes.add(t.Name, noteGoneChannels)
		} else if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	switch mode := row["channel_restriction_mode"]; {
	case mode == "deny":
		t.ExceptChannels = names
	case mode != "" && mode != "allow":
		return "has a channel_restriction_mode that is not known"
	case len(names) == 0 && len(ids) > 0:
		return "names only channels that are not carried over: without any the token could use all"
	default:
		t.Channels = names
	}
	return ""
}
