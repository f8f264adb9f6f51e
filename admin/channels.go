package admin

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/ccload/ccload/config"
)

// What is asked of channels, tokens, aliases and settings.

// maxNames bounds a batch.
const maxNames = 1000

func notFound(kind, name string) error {
	return Problemf(http.StatusNotFound, CodeNotFound, "", "there is no %s %q", kind, name)
}

// named finds a thing by the name in the path.
func named[T any](q *request, kind string, list []T, name func(*T) string) (T, error) {
	wanted := q.r.PathValue("name")
	for i := range list {
		if name(&list[i]) == wanted {
			return list[i], nil
		}
	}
	var none T
	return none, notFound(kind, wanted)
}

func (q *request) channel() (ChannelConfig, error) {
	return named(q, "channel", q.op.ChannelConfigs(), func(c *ChannelConfig) string { return c.Name })
}

func (q *request) clientToken() (TokenConfig, error) {
	return named(q, "token", q.op.TokenConfigs(), func(t *TokenConfig) string { return t.Name })
}

func (q *request) alias() (AliasConfig, error) {
	return named(q, "alias", q.op.AliasConfigs(), func(a *AliasConfig) string { return a.Name })
}

func listChannels(q *request) (any, error) {
	states := q.op.Channels(serverTime())
	configs := q.op.ChannelConfigs()
	views := make([]ChannelView, len(configs))
	for i := range configs {
		views[i].Config = configs[i]
		if at := slices.IndexFunc(states, func(s Channel) bool {
			return s.Name == configs[i].Name && s.Origin == configs[i].Origin
		}); at >= 0 {
			views[i].State = &states[at]
		}
	}
	return views, nil
}

func getChannel(q *request) (any, error) {
	all, err := listChannels(q)
	if err != nil {
		return nil, err
	}
	return named(q, "channel", all.([]ChannelView), func(v *ChannelView) string { return v.Config.Name })
}

func createChannel(q *request) (any, error) {
	var c ChannelConfig
	if err := q.decodeThing("channel", &c); err != nil {
		return nil, err
	}
	c.Password = "" // a new channel has no keys yet that could go astray
	return q.op.SaveChannel(q.r.Context(), q.actor(), "", c)
}

func replaceChannel(q *request) (any, error) {
	var c ChannelConfig
	if err := q.decodeThing("channel", &c); err != nil {
		return nil, err
	}
	name := q.r.PathValue("name")
	if c.Name == "" {
		c.Name = name
	}
	who, err := q.confirm(c.Password)
	if err != nil {
		return nil, err
	}
	c.Password = ""
	return q.op.SaveChannel(q.r.Context(), who, name, c)
}

func patchChannel(q *request) (any, error) {
	patch, err := q.readThing("channel")
	if err != nil {
		return nil, err
	}
	var given struct {
		Password string `json:"password"`
	}
	_ = json.Unmarshal(patch, &given) // what is wrong with it is found when it is applied
	who, err := q.confirm(given.Password)
	if err != nil {
		return nil, err
	}
	list, err := q.op.ChangeChannels(q.r.Context(), who, []string{q.r.PathValue("name")}, changeBy(patch))
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// changeBy applies a merge patch to a channel.
func changeBy(patch []byte) func(was ChannelConfig) (ChannelConfig, error) {
	return func(was ChannelConfig) (ChannelConfig, error) {
		is, err := apply(was, patch)
		if err != nil {
			return is, err
		}
		is.Password = ""
		return is, unchanged(was, is)
	}
}

func removeChannel(q *request) (any, error) {
	return Removed{true}, q.op.RemoveChannels(q.r.Context(), q.actor(), []string{q.r.PathValue("name")})
}

func batchChannels(q *request) (any, error) {
	var in Batch
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	asked := 0
	for _, what := range []bool{in.Remove, in.Clear, in.Change != nil} {
		if what {
			asked++
		}
	}
	switch {
	case asked != 1:
		return nil, invalid("", "ask for one of remove, clear and change")
	case len(in.Names) == 0 || len(in.Names) > maxNames:
		return nil, invalid("names", "names: must be 1 to %d channels", maxNames)
	}
	slices.Sort(in.Names)
	in.Names = slices.Compact(in.Names)
	switch {
	case in.Remove:
		return BatchResult{len(in.Names)}, q.op.RemoveChannels(q.r.Context(), q.actor(), in.Names)
	case in.Clear:
		return clearChannels(q, in.Names)
	}
	return changeChannels(q, &in)
}

// clearChannels ends all cooldowns of channels.
func clearChannels(q *request, names []string) (any, error) {
	known := q.op.ChannelConfigs()
	for _, name := range names {
		if !slices.ContainsFunc(known, func(c ChannelConfig) bool { return c.Name == name }) {
			return nil, notFound("channel", name)
		}
	}
	n := 0
	for _, name := range names {
		ended, err := q.op.ClearCooldowns(q.r.Context(), q.actor(), channelRef(name))
		if err != nil {
			return nil, err
		}
		if ended > 0 {
			n++
		}
	}
	return BatchResult{n}, nil
}

// changeChannels changes the same settings of several channels.
func changeChannels(q *request, in *Batch) (any, error) {
	for _, own := range []string{"name", "keys", "password"} {
		if _, has := in.Change[own]; has {
			return nil, invalid("change."+own, "%s is not a setting that channels share: names and keys are changed one by one, and the password stands beside change", own)
		}
	}
	patch, err := json.Marshal(in.Change)
	if err == nil {
		patch, err = plural("channel", patch)
	}
	if err != nil {
		return nil, err
	}
	who, err := q.confirm(in.Password)
	if err != nil {
		return nil, err
	}
	list, err := q.op.ChangeChannels(q.r.Context(), who, in.Names, changeBy(patch))
	return BatchResult{len(list)}, err
}

func testChannel(q *request) (any, error) {
	var in TestQuestion
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	name := q.r.PathValue("name")
	if in.Channel != "" && in.Channel != name {
		return nil, invalid("channel", "channel: the path says %q", name)
	}
	in.Channel = name
	return q.op.TestChannel(q.r.Context(), q.actor(), in)
}

func fetchModels(q *request) (any, error) {
	c, err := q.channel()
	if err != nil {
		return nil, err
	}
	list, err := q.op.FetchModels(q.r.Context(), q.actor(), c.Name, nil)
	return Models{list}, err
}

func fetchModelsOf(q *request) (any, error) {
	var c ChannelConfig
	if err := q.decodeThing("channel", &c); err != nil {
		return nil, err
	}
	who, err := q.confirm(c.Password)
	if err != nil {
		return nil, err
	}
	list, err := q.op.FetchModels(q.r.Context(), who, "", &c)
	return Models{list}, err
}

func createToken(q *request) (any, error) {
	var t TokenConfig
	if err := q.decodeThing("token", &t); err != nil {
		return nil, err
	}
	return q.op.SaveToken(q.r.Context(), q.actor(), "", t)
}

func getToken(q *request) (any, error) { return q.clientToken() }

func replaceToken(q *request) (any, error) {
	var t TokenConfig
	if err := q.decodeThing("token", &t); err != nil {
		return nil, err
	}
	name := q.r.PathValue("name")
	if t.Name == "" {
		t.Name = name
	}
	return q.op.SaveToken(q.r.Context(), q.actor(), name, t)
}

func patchToken(q *request) (any, error) {
	patch, err := q.readThing("token")
	if err != nil {
		return nil, err
	}
	return q.op.ChangeToken(q.r.Context(), q.actor(), q.r.PathValue("name"), func(was TokenConfig) (TokenConfig, error) {
		return apply(was, patch)
	})
}

func removeToken(q *request) (any, error) {
	return Removed{true}, q.op.RemoveTokens(q.r.Context(), q.actor(), []string{q.r.PathValue("name")})
}

func createAlias(q *request) (any, error) {
	var a AliasConfig
	if err := q.decodeThing("alias", &a); err != nil {
		return nil, err
	}
	return q.op.SaveAlias(q.r.Context(), q.actor(), "", a)
}

func getAlias(q *request) (any, error) { return q.alias() }

func replaceAlias(q *request) (any, error) {
	var a AliasConfig
	if err := q.decodeThing("alias", &a); err != nil {
		return nil, err
	}
	name := q.r.PathValue("name")
	if a.Name == "" {
		a.Name = name
	}
	return q.op.SaveAlias(q.r.Context(), q.actor(), name, a)
}

func removeAlias(q *request) (any, error) {
	return Removed{true}, q.op.RemoveAliases(q.r.Context(), q.actor(), []string{q.r.PathValue("name")})
}

func replaceSettings(q *request) (any, error) {
	var s config.Settings
	if err := q.decode(&s); err != nil {
		return nil, err
	}
	saved, err := q.op.SaveSettings(q.r.Context(), q.actor(), s)
	return withDefaults(saved), err
}

// withDefaults adds what counts where nothing is set.
func withDefaults(s SettingsConfig) SettingsConfig {
	age, bytes := (*config.Retention)(nil).Resolve()
	lasting := config.NewDuration(age)
	capture := (*config.Capture)(nil).Resolved()
	s.Defaults = config.Settings{Retention: &config.Retention{Age: &lasting, Bytes: &bytes}, Capture: &capture}
	return s
}

// tokenUse answers by the log of calls: one look into an index per token.
func tokenUse(q *request) (any, error) {
	tokens := q.op.TokenConfigs()
	list := make([]TokenUse, len(tokens))
	for i := range tokens {
		list[i].Name = tokens[i].Name
		last, err := q.op.Calls(q.r.Context(), CallFilter{Token: tokens[i].Name, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(last) > 0 {
			list[i].LastUsed = last[0].Time
		}
	}
	return list, nil
}
