package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
	"github.com/ccload/ccload/transfer"
)

// maxImportProblems is how many things of a file may be wrong before it is
// given up.
const maxImportProblems = 500

// Import implements admin.Operator. What of a file is right is taken, all at
// once; what is not is told of, and changes nothing.
func (s *Service) Import(ctx context.Context, who admin.Actor, in admin.ImportFile) (*admin.ImportResult, error) {
	file, err := readImport(ctx, in)
	if err != nil {
		return nil, admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "", "%s", err.Error())
	}
	file.Storable()
	result := &admin.ImportResult{
		DryRun: in.DryRun, Format: file.Format, Notes: append([]string{}, file.Notes...),
		Changes: []admin.ImportChange{}, Problems: []admin.ImportProblem{},
	}
	for _, p := range file.Problems {
		result.Problems = append(result.Problems, admin.ImportProblem(p))
	}
	for _, l := range file.Lines {
		result.Lines = append(result.Lines, admin.ImportLine(l))
	}
	set := &file.Set
	for {
		err := s.apply(ctx, who, func(cs *changeSet) error { return cs.importSet(set, result, in.DryRun) })
		var bad *importError
		switch {
		case errors.As(err, &bad) && len(result.Problems) < maxImportProblems:
			result.Problems = append(result.Problems, admin.ImportProblem{Code: bad.code(), Name: bad.name, Field: bad.field, Message: bad.Error()})
			set = leavingOut(set, bad)
			continue
		case errors.Is(err, errDryRun):
			return result, nil
		case err != nil:
			return nil, err
		}
		return result, nil
	}
}

func readImport(ctx context.Context, in admin.ImportFile) (*transfer.File, error) {
	if in.Path != "" {
		return transfer.ReadPath(ctx, in.Path)
	}
	return transfer.Read(ctx, in.Name, in.Data)
}

// errDryRun ends an edit that was only thought about.
var errDryRun = errors.New("nothing was changed: it was a dry run")

// importError is a thing of a file that cannot be taken.
type importError struct {
	kind, name, field string
	error
}

func (e *importError) Unwrap() error { return e.error }

// code is that of the problem.
func (e *importError) code() string {
	if p, ok := errors.AsType[*admin.Problem](e.error); ok {
		return p.Code
	}
	return admin.CodeInvalid
}

// leavingOut is a set without one thing.
func leavingOut(set *transfer.Set, bad *importError) *transfer.Set {
	next := new(transfer.Set)
	for _, c := range set.Channels {
		if bad.kind != store.KindChannel || c.Name != bad.name {
			next.Channels = append(next.Channels, c)
		}
	}
	for _, t := range set.Tokens {
		if bad.kind != store.KindToken || t.Name != bad.name {
			next.Tokens = append(next.Tokens, t)
		}
	}
	for _, l := range set.Aliases {
		if bad.kind != store.KindAlias || l.Name != bad.name {
			next.Aliases = append(next.Aliases, l)
		}
	}
	return next
}

// importSet puts the things of a file into the change set.
func (cs *changeSet) importSet(set *transfer.Set, result *admin.ImportResult, dry bool) error {
	for i := range set.Channels {
		if err := cs.importChannel(&set.Channels[i]); err != nil {
			return importErrorOf(store.KindChannel, set.Channels[i].Name, err)
		}
	}
	for i := range set.Tokens {
		if err := cs.importToken(&set.Tokens[i]); err != nil {
			return importErrorOf(store.KindToken, set.Tokens[i].Name, err)
		}
	}
	for i := range set.Aliases {
		conf := set.Aliases[i]
		if err := cs.putAlias(cs.present(cs.aliasCollection().index(conf.Name), conf.Name), &conf); err != nil {
			return importErrorOf(store.KindAlias, conf.Name, err)
		}
	}
	if err := cs.check(); err != nil {
		var wrong *config.Error
		if errors.As(err, &wrong) && wrong.Name != "" {
			return &importError{wrong.Thing, wrong.Name, wrong.Field, err}
		}
		return err
	}
	result.Added, result.Changed, result.Same, result.Changes = 0, 0, 0, result.Changes[:0]
	for _, c := range transfer.Diff(cs.base.set(true), cs.become(set)) {
		switch c.Action {
		case "add":
			result.Added++
		case "change":
			result.Changed++
		default:
			result.Same++
		}
		result.Changes = append(result.Changes, admin.ImportChange{Kind: c.Kind, Name: c.Name, Action: c.Action, Fields: c.Fields})
	}
	if dry {
		return errDryRun
	}
	for i := range cs.trail {
		cs.trail[i].Action = "import"
	}
	return nil
}

// become is what the things of a set are in the change set: a file without
// secrets leaves those there are.
func (cs *changeSet) become(set *transfer.Set) *transfer.Set {
	all := (&storedConfig{channels: cs.channels, tokens: cs.tokens, aliases: cs.aliases}).set(true)
	named := make(map[documentKey]bool)
	for i := range set.Channels {
		named[documentKey{store.KindChannel, set.Channels[i].Name}] = true
	}
	for i := range set.Tokens {
		named[documentKey{store.KindToken, set.Tokens[i].Name}] = true
	}
	for i := range set.Aliases {
		named[documentKey{store.KindAlias, set.Aliases[i].Name}] = true
	}
	all.Channels = slices.DeleteFunc(all.Channels, func(c transfer.Channel) bool { return !named[documentKey{store.KindChannel, c.Name}] })
	all.Tokens = slices.DeleteFunc(all.Tokens, func(t transfer.Token) bool { return !named[documentKey{store.KindToken, t.Name}] })
	all.Aliases = slices.DeleteFunc(all.Aliases, func(l config.Alias) bool { return !named[documentKey{store.KindAlias, l.Name}] })
	return all
}

func importErrorOf(kind, name string, err error) error {
	field := ""
	if p := new(admin.Problem); errors.As(problemOf(err), &p) {
		field = p.Field
	}
	return &importError{kind, name, field, err}
}

// present is the name under which a thing is there already, "" if it is not.
func (cs *changeSet) present(at int, name string) string {
	if at < 0 {
		return ""
	}
	return name
}

func (cs *changeSet) importChannel(c *transfer.Channel) error {
	in := admin.ChannelConfig{Channel: c.Channel} // without keys in the file, it keeps those it has
	for _, k := range c.Keys {
		in.Keys = append(in.Keys, admin.KeyConfig{Key: k.Secret, Fingerprint: k.Fingerprint, Note: k.Note, Disabled: k.Disabled})
	}
	return cs.saveChannel(cs.present(cs.channelCollection().index(c.Name), c.Name), &in)
}

func (cs *changeSet) importToken(t *transfer.Token) error {
	conf := t.Token
	old, hint := "", t.LastFour
	if at := cs.tokenCollection().index(conf.Name); at >= 0 {
		old = conf.Name
		if was := cs.tokens[at]; conf.SecretHash == "" {
			conf.SecretHash, hint = was.Conf.SecretHash, was.LastFour
		}
	}
	if conf.SecretHash == "" {
		return fmt.Errorf("token %q: the file does not hold its secret, nor the hash of it: export it with secrets, or make the token anew", conf.Name)
	}
	return cs.putToken(old, &conf, hint)
}

// set is what is stored, for a file.
func (s *storedConfig) set(whole bool) *transfer.Set {
	set := new(transfer.Set)
	for _, c := range s.all().channels {
		out := transfer.Channel{Channel: *c.Conf}
		out.Channel.Keys = nil
		for _, k := range c.Keys {
			key := transfer.Key{Fingerprint: access.Fingerprint(k.Secret), LastFour: secrets.LastFour(k.Secret), Note: k.Note, Disabled: k.Disabled}
			if whole {
				key.Secret = k.Secret
			}
			out.Keys = append(out.Keys, key)
		}
		if !whole {
			out.Proxy, out.HeaderUp = secrets.RedactProxy(c.Conf.Proxy), shownHeaders(c.Conf.HeaderUp)
		}
		set.Channels = append(set.Channels, out)
	}
	for _, t := range s.all().tokens {
		out := transfer.Token{Token: *t.Conf, LastFour: t.LastFour}
		if !whole {
			out.SecretHash = ""
		}
		set.Tokens = append(set.Tokens, out)
	}
	for _, l := range s.all().aliases {
		set.Aliases = append(set.Aliases, *l.Conf)
	}
	return set
}

// Export implements admin.Operator: it writes what is stored. What is declared
// stands in the config already.
func (s *Service) Export(ctx context.Context, who admin.Actor, format string, secrets bool) ([]byte, error) {
	if secrets && !who.Confirmed {
		return nil, admin.Problemf(http.StatusForbidden, admin.CodeConfirm, "password", "an export with secrets takes the admin password")
	}
	set := s.state.stored.Load().set(secrets)
	var b bytes.Buffer
	var err error
	switch format {
	case "json":
		err = transfer.WriteJSON(&b, set)
	case "csv":
		err = transfer.WriteCSV(&b, set)
	case "caddyfile":
		_, err = transfer.WriteCaddyfile(&b, set)
	default:
		err = admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "format", "format: must be json, csv or caddyfile")
	}
	if err != nil {
		return nil, err
	}
	if !secrets {
		return b.Bytes(), nil
	}
	return b.Bytes(), s.state.note(ctx, who, "export", "secrets", format)
}
