package control

import (
	"bytes"
	"context"
	"net/http"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/transfer"
)

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
	return b.Bytes(), s.note(ctx, who, "export", "secrets", format)
}
