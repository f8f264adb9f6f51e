package selection

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// namespace is where Caddy keeps selection policies.
const namespace = "http.reverse_proxy.selection_policies"

// UnmarshalPolicy reads a policy for the ccload handler: its name, arguments
// and block, from a dispenser that stands on the option before the name. The
// result has its name inline as "policy".
//
// A short word stands for a policy of ours: priority, weighted, latency,
// affinity. Errors name file and line, and what there is instead.
func UnmarshalPolicy(d *caddyfile.Dispenser) (json.RawMessage, error) {
	if !d.NextArg() {
		return nil, d.ArgErr()
	}
	return reader{ours: true}.policy(d)
}

// reader reads policies from a Caddyfile.
type reader struct {
	// ours says that they are for the ccload handler: there are short words,
	// and what cannot work there is refused.
	ours bool
}

// prefix is what a short word leaves out.
const prefix = "ccload_"

// unmarshaler is a policy of this package. Unlike caddyfile.Unmarshaler it
// knows who reads.
type unmarshaler interface {
	unmarshal(d *caddyfile.Dispenser, r reader) error
}

// policy reads a policy from its name on, where the dispenser stands.
func (r reader) policy(d *caddyfile.Dispenser) (json.RawMessage, error) {
	name, err := r.name(d)
	if err != nil {
		return nil, err
	}
	info, err := caddy.GetModule(namespace + "." + name)
	if err != nil {
		return nil, d.WrapErr(err)
	}
	policy := info.New()
	segment := d.NewFromNextSegment()
	switch p := policy.(type) {
	case unmarshaler:
		err = p.unmarshal(segment, r)
	case caddyfile.Unmarshaler:
		err = p.UnmarshalCaddyfile(segment)
	default:
		err = d.Errf("the policy %s cannot be written in a Caddyfile", name)
	}
	if err != nil {
		return nil, err
	}
	if _, ok := policy.(reverseproxy.Selector); !ok {
		return nil, d.Errf("module %s (%T) is not a selection policy", info.ID, policy)
	}
	return caddyconfig.JSONModuleObject(policy, "policy", name, nil), nil
}

// name is the full name of the policy the dispenser stands on.
func (r reader) name(d *caddyfile.Dispenser) (string, error) {
	name := d.Val()
	if r.ours {
		if no := refusedName(name); no != nil {
			return "", d.WrapErr(no.err())
		}
		if exists(prefix + name) {
			return prefix + name, nil
		}
	}
	if !exists(name) {
		return "", d.Errf("there is no selection policy %q; there are %s", name, strings.Join(r.names(), ", "))
	}
	return name, nil
}

func exists(name string) bool {
	_, err := caddy.GetModule(namespace + "." + name)
	return err == nil
}

// names lists the policies there are, ours first.
func (r reader) names() []string {
	var ours, others []string
	for _, info := range caddy.GetModules(namespace) {
		name := info.ID.Name()
		switch short, isOurs := strings.CutPrefix(name, prefix); {
		case isOurs && r.ours:
			ours = append(ours, short)
		case isOurs:
			ours = append(ours, name)
		case !r.ours || refusedName(name) == nil:
			others = append(others, name)
		}
	}
	return slices.Concat(ours, others)
}

// takesNothing reads a policy that has neither arguments nor options.
func takesNothing(d *caddyfile.Dispenser) error {
	d.Next() // policy name
	name := d.Val()
	if d.NextArg() {
		return d.Errf("%s takes no argument, not %q", name, d.Val())
	}
	for d.NextBlock(0) {
		return d.Errf("%s has no options, not %q", name, d.Val())
	}
	return nil
}

// nesting reads a policy with a nested one, which may follow on the line or
// stand in the block as "then", and options of one value each.
func (r reader) nesting(d *caddyfile.Dispenser, then *json.RawMessage, options map[string]func(value string) error) error {
	d.Next() // policy name
	name := d.Val()
	if d.NextArg() {
		nested, err := r.policy(d) // with the block, if there is one
		*then = nested
		return err
	}
	given := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if given[option] {
			return d.Errf("%s is given twice for %s", option, name)
		}
		given[option] = true
		if option == "then" {
			if !d.NextArg() {
				return d.ArgErr()
			}
			nested, err := r.policy(d)
			if err != nil {
				return err
			}
			*then = nested
			continue
		}
		read, known := options[option]
		if !known {
			return d.Errf("%s has no option %q; there are %s", name, option, strings.Join(optionNames(options), ", "))
		}
		var value string
		if !d.AllArgs(&value) {
			return d.ArgErr()
		}
		if err := read(value); err != nil {
			return d.Errf("%s: %v", option, err)
		}
	}
	return nil
}

func optionNames(options map[string]func(string) error) []string {
	names := make([]string, 0, 1+len(options))
	names = append(names, "then")
	for name := range options {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func parseFactor(value string) (float64, error) {
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || !(f >= 1 && f <= 1000) {
		return 0, fmt.Errorf("%q is not a factor from 1 to 1000, such as 1.25", value)
	}
	return f, nil
}

// loadNested loads the policy in the field ThenRaw of a module.
func loadNested(ctx caddy.Context, module any, raw json.RawMessage) (reverseproxy.Selector, error) {
	loaded, err := ctx.LoadModule(module, "ThenRaw")
	if err != nil {
		return nil, fmt.Errorf("loading the nested policy %s: %w", policyName(raw), err)
	}
	return loaded.(reverseproxy.Selector), nil
}

// policyName is the name in a policy's JSON.
func policyName(raw json.RawMessage) string {
	var named struct {
		Policy string `json:"policy"`
	}
	if json.Unmarshal(raw, &named) != nil || named.Policy == "" {
		return "without a name"
	}
	return named.Policy
}
