package caddyfile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/ccload/ccload/config"
)

// token reads
//
//	token <name> <secret> {
//		secret_file     [<path>]
//		models          <names or patterns...>
//		channels        <names...>
//		except_channels <names...>
//		rpm             <number>
//		tpm             <number>
//		max_concurrency <number>
//		budget          <dollars>/day|month|total ...
//		expires         <day or moment>
//		disabled
//		expose_route
//		upstream_counts
//	}
//
// The secret may be written as sha256: and the 64 hexadecimal digits of its
// hash. The token named anonymous has no secret.
func (r *reader) token(d *caddyfile.Dispenser) error {
	head := d.Token()
	args := d.RemainingArgs()
	n := len(args)
	// What was written may be a secret: it is not shown.
	usage := errors.New("ccload: token: takes a name and a secret, as in token laptop {env.LAPTOP_TOKEN} { … }, or the option secret_file")
	if n < 1 || n > 2 {
		return at(head, usage)
	}
	t := &config.Token{Name: args[0]}
	if len(args) == 2 {
		if hash, ok := strings.CutPrefix(args[1], "sha256:"); ok {
			t.SecretHash = hash
		} else {
			t.Secret = args[1]
		}
	}
	b, err := r.begin(head, "token", t.Name, tokenTable(t))
	if err != nil {
		return err
	}
	if err := b.read(d); err != nil {
		return err
	}
	if n == 1 && t.Name != config.Anonymous && t.SecretFile == "" {
		return at(head, fmt.Errorf("%w; a {$NAME} that is empty counts as nothing", usage))
	}
	if err := t.Validate(); err != nil {
		return b.locate(err)
	}
	r.app.Tokens = append(r.app.Tokens, t)
	return nil
}

// tokenTable is the options of a token.
func tokenTable(t *config.Token) Table {
	return Table{
		"secret_file":     TextOr(&t.SecretFile, config.DefaultSecretFile),
		"models":          Words(&t.Models),
		"channels":        Words(&t.Channels),
		"except_channels": Words(&t.ExceptChannels),
		"rpm":             Int(&t.RPM, 0, config.MaxRPM),
		"tpm":             Int(&t.TPM, 0, config.MaxTPM),
		"max_concurrency": Int(&t.MaxConcurrency, 0, config.MaxConcurrency),
		"budget":          Budget(&t.Budget),
		"expires":         Text(&t.Expires),
		"disabled":        Flag(&t.Disabled),
		"expose_route":    Flag(&t.ExposeRoute),
		"upstream_counts": Flag(&t.UpstreamCounts),
	}
}

// alias reads
//
//	alias <name> <models...>
func (r *reader) alias(d *caddyfile.Dispenser) error {
	head := d.Token()
	args := d.RemainingArgs()
	if len(args) < 2 {
		return at(head, errors.New("ccload: alias: takes a name and the models it stands for, as in alias fast claude-haiku-4-5 gpt-5-mini"))
	}
	a := &config.Alias{Name: args[0], Models: args[1:]}
	b, err := r.begin(head, "alias", a.Name, nil)
	if err != nil {
		return err
	}
	r.app.Aliases = append(r.app.Aliases, a)
	return b.locate(a.Validate())
}
