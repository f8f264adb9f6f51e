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
		var bad importErrors
		switch {
		case errors.As(err, &bad) && len(result.Problems)+len(bad) <= maxImportProblems:
			for _, e := range bad {
				result.Problems = append(result.Problems, admin.ImportProblem{Code: e.code(), Name: e.name, Field: e.field, Message: e.Error()})
			}
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

// importErrors are all things of a file that are found wrong in one go, so that
// a file with hundreds of mistakes is not begun anew for each. It is never empty.
type importErrors []*importError

func (e importErrors) Error() string { return e[0].Error() }

func (e importErrors) Unwrap() error { return e[0] }

// add adds an error of a thing, nil for none.
func (e *importErrors) add(kind, name string, err error) {
	if err == nil {
		return
	}
	field := ""
	if p := new(admin.Problem); errors.As(problemOf(err), &p) {
		field = p.Field
	}
	*e = append(*e, &importError{kind, name, field, err})
}

// leavingOut is a set without some things.
func leavingOut(set *transfer.Set, bad importErrors) *transfer.Set {
	left := make(map[documentKey]bool, len(bad))
	for _, e := range bad {
		left[documentKey{e.kind, e.name}] = true
	}
	next := new(transfer.Set)
	for i := range set.Channels {
		if !left[documentKey{store.KindChannel, set.Channels[i].Name}] {
			next.Channels = append(next.Channels, set.Channels[i])
		}
	}
	for i := range set.Tokens {
		if !left[documentKey{store.KindToken, set.Tokens[i].Name}] {
			next.Tokens = append(next.Tokens, set.Tokens[i])
		}
	}
	for i := range set.Aliases {
		if !left[documentKey{store.KindAlias, set.Aliases[i].Name}] {
			next.Aliases = append(next.Aliases, set.Aliases[i])
		}
	}
	return next
}

// importSet puts the things of a file into the change set.
func (cs *changeSet) importSet(set *transfer.Set, result *admin.ImportResult, dry bool) error {
	var bad importErrors
	for i := range set.Channels {
		bad.add(store.KindChannel, set.Channels[i].Name, cs.importChannel(&set.Channels[i]))
	}
	for i := range set.Tokens {
		bad.add(store.KindToken, set.Tokens[i].Name, cs.importToken(&set.Tokens[i]))
	}
	for i := range set.Aliases {
		conf := set.Aliases[i]
		bad.add(store.KindAlias, conf.Name, cs.putAlias(cs.present(cs.aliasCollection().index(conf.Name), conf.Name), &conf))
	}
	if len(bad) > 0 {
		return bad
	}
	if err := cs.check(); err != nil {
		var wrong *config.Error
		if errors.As(err, &wrong) && wrong.Name != "" {
			return importErrors{{wrong.Thing, wrong.Name, wrong.Field, err}}
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
