package caddyfile

import (
	"errors"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/ccload/ccload/config"
)

// prices reads either of
//
//	prices <files...>
//	prices {
//		file <files...>
//		sync <address> [<interval>]
//	}
func (r *reader) prices(d *caddyfile.Dispenser) error {
	p := new(config.Prices)
	b := newBlock(d.Token(), "prices", "", Table{
		"file": Words(&p.Files),
		"sync": Values(func(args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return errors.New("takes an address and perhaps how often it is fetched, as in sync https://models.dev/api.json 6h")
			}
			p.SyncURL = args[0]
			if len(args) == 1 {
				return nil
			}
			var err error
			p.SyncInterval, err = config.ReadDuration(args[1])
			return err
		}),
	})
	p.Files = d.RemainingArgs()
	if err := b.read(d); err != nil {
		return err
	}
	if len(p.Files) == 0 && p.SyncURL == "" {
		return at(b.head, b.fail("", "takes files, as in prices my-prices.csv, or a block with file and sync"))
	}
	r.app.Prices = p
	return nil
}
