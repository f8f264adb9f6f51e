package transfer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/store"
)

// quotaPerUSD is how much quota a US dollar is in new-api and one-api, unless
// their option QuotaPerUnit says otherwise (common/constants.go, 500 * 1000).
const quotaPerUSD = 500_000

// newAPIDatabase turns the SQLite file of new-api or one-api into ours.
func newAPIDatabase(d *store.NewAPIData) *File {
	list := make([]*node, len(d.Channels))
	for i, row := range d.Channels {
		list[i] = rowNode(row)
	}
	a := moverOfChannels(list, FormatNewAPISQLite, FormatOneAPISQLite)
	for i, n := range list {
		a.channelOf(n, path("channels", i, n.get("name").str()))
	}
	quota := float64(quotaPerUSD)
	for _, row := range d.Options {
		if row["key"] == "QuotaPerUnit" {
			if v, err := strconv.ParseFloat(row["value"], 64); err == nil && v > 0 {
				quota = v
			}
		}
	}
	groupOf := make(map[string]string, len(d.Users))
	for _, row := range d.Users {
		groupOf[row["id"]] = row["group"]
	}
	for i, row := range d.Tokens {
		if row["deleted_at"] == "" {
			a.tokenOf(rowNode(row), path("tokens", i, row["name"]), groupOf[row["user_id"]], quota)
		}
	}
	a.lost(0, "options, users, redemptions and logs", "they have no counterpart; prices are those of the list, and cost_multiplier in a channel")
	return a.done()
}

// rowNode is a row of a table as an object of texts.
func rowNode(row store.OriginalRow) *node {
	n := &node{kind: nodeObject}
	for name, value := range row {
		n.fields = append(n.fields, nodeField{name, &node{kind: nodeText, text: value}})
	}
	slices.SortFunc(n.fields, func(x, y nodeField) int { return strings.Compare(x.name, y.name) })
	return n
}

// tokenOf takes a token, which clients send with sk- before it.
func (a *newAPI) tokenOf(n *node, from, userGroup string, quota float64) {
	name := a.nameOf(KindToken, n.get("name").str())
	secret := n.get("key").str()
	if plainSecret(secret) != nil || len(secret) < config.MinSecret {
		a.refuse(0, from, name, "its key cannot be used here: make a token with caddy ccload token create")
		return
	}
	t := Token{Token: config.Token{Name: name, Secret: "sk-" + secret, Disabled: n.get("status").str() != "1"}}
	var notes []string
	if at := n.get("expired_time").whole(); at > 0 {
		t.Expires = time.Unix(int64(at), 0).UTC().Format(time.RFC3339)
	}
	if unlimited, _ := n.get("unlimited_quota").truth(); !unlimited {
		remains, _ := n.get("remain_quota").num()
		if t.Budget.Total = max(0, remains/quota); t.Budget.Total == 0 {
			t.Disabled = true
			notes = append(notes, "its quota is used up, so it is disabled")
		}
	}
	limited, known := n.get("model_limits_enabled").truth()
	if models := n.get("model_limits", "models").str(); models != "" && (limited || !known) {
		t.Models = splitList(models)
	}
	for _, field := range []string{"allow_ips", "subnet"} {
		if n.get(field).set() {
			notes = append(notes, "not taken over: "+field)
		}
	}
	group := n.get("group").str()
	if group == "" {
		group = userGroup
	}
	if problem := a.channelsOfGroup(&t, group); problem != "" {
		a.refuse(0, from, name, problem)
		return
	}
	before := len(a.file.Problems)
	a.token(0, t)
	if len(a.file.Problems) > before {
		a.lost(0, from, a.file.Problems[len(a.file.Problems)-1].Message)
		return
	}
	what := fmt.Sprintf("token %q: clients go on with the same key", name)
	if t.Budget.Total > 0 {
		what += fmt.Sprintf(", %.2f dollars in all", t.Budget.Total)
	}
	a.becomes(0, from, what, notes...)
}

// channelsOfGroup lets a token use the channels of its group, as far as there
// are others.
func (a *newAPI) channelsOfGroup(t *Token, group string) (problem string) {
	channels := a.groups[group]
	switch {
	case group == "" || group == "auto" || len(a.groups) < 2 && len(channels) > 0:
		return ""
	case len(channels) == 0:
		return "its group " + told(group) + " has no channel that is taken over: without any it could use all"
	case len(channels) < len(a.file.Set.Channels):
		t.Channels = slices.Clone(channels)
	}
	return ""
}
