package caddyfile

import (
	"errors"
	"maps"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/ccload/ccload/config"
)

// ReadHandler reads the directive ccload into h. The dispenser stands before
// its name, and its matcher has been removed. more are rows that the caller
// adds, such as lb_policy.
func ReadHandler(d *caddyfile.Dispenser, h *config.Handler, more Table) error {
	if !d.Next() {
		return errors.New("the directive ccload is expected")
	}
	rows := handlerTable(h)
	maps.Copy(rows, more)
	b := newBlock(d.Token(), "ccload", "", rows)
	if d.NextArg() {
		return at(b.head, errors.New("the directive ccload takes no value: its settings stand in a block { … }"))
	}
	if err := b.read(d); err != nil {
		return err
	}
	return b.locate(h.Validate())
}

// handlerTable is the options of a handler.
func handlerTable(h *config.Handler) Table {
	return Table{
		"max_body":              Size(&h.MaxBody),
		"body_timeout":          Duration(&h.BodyTimeout),
		"max_attempts":          Int(&h.MaxAttempts, 1, config.MaxMaxAttempts),
		"max_wait":              Duration(&h.MaxWait),
		"total_timeout":         Duration(&h.TotalTimeout),
		"connect_timeout":       Duration(&h.ConnectTimeout),
		"header_timeout":        Duration(&h.HeaderTimeout),
		"first_content_timeout": Text(&h.FirstContentTimeout),
		"idle_timeout":          Duration(&h.IdleTimeout),
		"keepalive_after":       Duration(&h.KeepaliveAfter),
		"expose_route":          Flag(&h.ExposeRoute),
		"allow_origins":         Words(&h.AllowOrigins),
		"fuzzy_models":          Flag(&h.FuzzyModels),
	}
}
