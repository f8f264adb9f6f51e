package ccload

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/store"
)

// This file is how what is stored is changed: by drafts, which are checked as
// a config is checked, and saved as a whole or not at all. What is done to a
// draft is in draft.go.

// draft is a copy of what is stored that somebody changes.
type draft struct {
	app     *App
	base    *storedConfig
	changed map[documentKey]store.Document
	removed map[documentKey]bool
	trail   []store.AuditEntry
	clear   []string // channels whose rests end, because somebody looked after them
	who     admin.Actor
	now     time.Time

	channels []*storedChannel
	tokens   []*storedToken
	aliases  []*storedAlias
	settings config.Settings
}

// editTries is how often a change is begun anew because somebody else was
// faster.
const editTries = 8

// editPause is about how long is waited before the second try, and longer
// before later ones.
const editPause = 20 * time.Millisecond

// edit lets change work on a draft, and saves and applies it.
func (a *App) edit(ctx context.Context, who admin.Actor, change func(d *draft) error) error {
	st := a.state
	if !st.complete() {
		return admin.Problemf(http.StatusServiceUnavailable, admin.CodeStore, "", "the gateway has just started and does not know yet what is stored; try again in a moment")
	}
	// On this node one after the other; another node may still be faster.
	st.control.Editing.Lock()
	defer st.control.Editing.Unlock()
	for try := range editTries {
		if try > 0 {
			time.Sleep(rand.N(time.Duration(try) * editPause)) //nolint:gosec // spreads tries, guards nothing
			if err := st.refresh(ctx, false); err != nil {
				return storeProblem(err)
			}
		}
		base := st.control.Stored.Load()
		d := &draft{
			app: a, base: base, changed: make(map[documentKey]store.Document), removed: make(map[documentKey]bool), who: who, now: time.Now(),
			channels: slices.Clone(base.channels), tokens: slices.Clone(base.tokens), aliases: slices.Clone(base.aliases), settings: base.settings,
		}
		if err := change(d); err != nil {
			if bad := (*importError)(nil); errors.As(err, &bad) || errors.Is(err, errDryRun) {
				return err // for Import
			}
			return problemOf(err)
		}
		if len(d.changed)+len(d.removed)+len(d.trail) == 0 {
			return nil
		}
		if err := d.check(); err != nil {
			return problemOf(err)
		}
		err := st.store.EditDocuments(ctx, base.revision, d.edit())
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return storeProblem(err)
		}
		// What was saved counts, whether or not the one who asked is still there.
		if err := st.refresh(context.WithoutCancel(ctx), true); err != nil {
			return storeProblem(fmt.Errorf("it is saved, and will count in a moment: %w", err))
		}
		for _, name := range d.clear {
			st.routing.Board.Clear(func(r health.Ref) bool { return r.Channel == name })
		}
		return nil
	}
	return admin.Problemf(http.StatusConflict, admin.CodeConflict, "", "somebody else keeps changing the configuration; look at it and try again")
}

// edit is the draft as the store takes it.
func (d *draft) edit() store.Edit {
	e := store.Edit{Trail: d.trail}
	for _, doc := range d.changed {
		e.Put = append(e.Put, doc)
	}
	for key := range d.removed {
		if _, again := d.changed[key]; !again {
			e.Remove = append(e.Remove, store.Document{Kind: key.kind, Name: key.name})
		}
	}
	return e
}

// note adds to the audit trail.
func (d *draft) note(action, kind, name string, fields []string) {
	d.trail = append(d.trail, store.AuditEntry{
		Time: d.now, Actor: d.who.Name, Address: d.who.Address, Action: action, Kind: kind, Name: name, Fields: fields,
	})
}

// check judges the draft together with what is declared, with the same
// messages as a config.
func (d *draft) check() error {
	next := &storedConfig{channels: d.channels, tokens: d.tokens, aliases: d.aliases, settings: d.settings}
	if err := d.settings.Validate(); err != nil {
		return err
	}
	whole, _ := merged(&d.app.App, next)
	if err := whole.Validate(); err != nil {
		return err
	}
	scratch, pool := newRoutingState(nil), newPool() // for channels that nobody will call
	defer pool.Close()
	for key := range d.changed {
		if key.kind != store.KindChannel {
			continue
		}
		c := next.channel(key.name).Conf
		ch, err := newChannel(c, asWritten, scratch, scratch.counts(time.UTC), func(string) {})
		if err != nil {
			return fmt.Errorf("channel %q: %w", key.name, err)
		}
		if _, err := ch.transports(pool, config.DefaultConnectTimeout); err != nil {
			return err
		}
	}
	return nil
}

// problemOf makes what is wrong with a setting a problem of the caller.
func problemOf(err error) error {
	var problem *admin.Problem
	var wrong *config.Error
	switch {
	case errors.As(err, &problem):
		return problem
	case errors.As(err, &wrong):
		field := wrong.Field
		if wrong.Thing != "" && field != "" {
			field = wrong.Thing + "." + field
		}
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, field, "%s", wrong.Error())
	}
	return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "", "%s", err.Error())
}

// storeProblem says that the database is at fault.
func storeProblem(err error) error {
	return admin.Problemf(http.StatusServiceUnavailable, admin.CodeStore, "", "%s", err.Error())
}
