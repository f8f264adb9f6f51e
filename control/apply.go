package control

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

// changeSet is a copy of what is stored that is changed. It is checked as a
// config is checked, and saved as a whole or not at all.
type changeSet struct {
	service *Service
	base    *storedConfig
	changed map[documentKey]store.Document
	removed map[documentKey]bool
	trail   []store.AuditEntry
	clear   []string // channels whose cooldowns end, because somebody looked after them
	who     admin.Actor
	now     time.Time

	channels []*storedChannel
	tokens   []*storedToken
	aliases  []*storedAlias
	settings config.Settings
}

// applyTries is how often a change is begun anew because somebody else was
// faster.
const applyTries = 8

// applyPause is about how long is waited before the second try, and longer
// before later ones.
const applyPause = 20 * time.Millisecond

// apply lets change work on a change set, saves it and puts it to use. It may
// call change again with another one, if another node was faster.
func (s *Service) apply(ctx context.Context, who admin.Actor, change func(cs *changeSet) error) error {
	st := s.state
	if !st.Complete() {
		return admin.Problemf(http.StatusServiceUnavailable, admin.CodeStore, "", "the gateway has just started and does not know yet what is stored; try again in a moment")
	}
	// On this node one after the other; another node may still be faster.
	st.editing.Lock()
	defer st.editing.Unlock()
	for try := range applyTries {
		if try > 0 {
			time.Sleep(rand.N(time.Duration(try) * applyPause)) //nolint:gosec // spreads tries, guards nothing
			if err := st.Refresh(ctx, false); err != nil {
				return storeProblem(err)
			}
		}
		base := st.stored.Load()
		cs := &changeSet{
			service: s, base: base, changed: make(map[documentKey]store.Document), removed: make(map[documentKey]bool), who: who, now: time.Now(),
			channels: slices.Clone(base.channels), tokens: slices.Clone(base.tokens), aliases: slices.Clone(base.aliases), settings: base.settings,
		}
		if err := change(cs); err != nil {
			if bad := importErrors(nil); errors.As(err, &bad) || errors.Is(err, errDryRun) {
				return err // for Import
			}
			return problemOf(err)
		}
		if len(cs.changed)+len(cs.removed)+len(cs.trail) == 0 {
			return nil
		}
		if err := cs.check(); err != nil {
			return problemOf(err)
		}
		err := st.Store.EditDocuments(ctx, base.revision, cs.storeEdit())
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return storeProblem(err)
		}
		// What was saved counts, whether or not the one who asked is still there.
		if err := st.Refresh(context.WithoutCancel(ctx), true); err != nil {
			return storeProblem(fmt.Errorf("it is saved, and will count in a moment: %w", err))
		}
		for _, name := range cs.clear {
			st.Routing.Tracker.Clear(func(r health.Ref) bool { return r.Channel == name })
		}
		return nil
	}
	return admin.Problemf(http.StatusConflict, admin.CodeConflict, "", "somebody else keeps changing the configuration; look at it and try again")
}

// storeEdit returns the change set as the store takes it.
func (cs *changeSet) storeEdit() store.Edit {
	e := store.Edit{Trail: cs.trail}
	for _, doc := range cs.changed {
		e.Put = append(e.Put, doc)
	}
	for key := range cs.removed {
		if _, again := cs.changed[key]; !again {
			e.Remove = append(e.Remove, store.Document{Kind: key.kind, Name: key.name})
		}
	}
	return e
}

// note adds to the audit trail.
func (cs *changeSet) note(action, kind, name string, fields []string) {
	cs.trail = append(cs.trail, store.AuditEntry{
		Time: cs.now, Actor: cs.who.Name, Address: cs.who.Address, Action: action, Kind: kind, Name: name, Fields: fields,
	})
}

// check judges the change set together with what is declared, with the same
// messages as a config.
func (cs *changeSet) check() error {
	next := &storedConfig{channels: cs.channels, tokens: cs.tokens, aliases: cs.aliases, settings: cs.settings}
	if err := cs.settings.Validate(); err != nil {
		return err
	}
	whole, _ := merged(cs.service.declared, next)
	if err := whole.Validate(); err != nil {
		return err
	}
	for key := range cs.changed {
		if key.kind != store.KindChannel {
			continue
		}
		if err := cs.service.gateway.CheckChannel(next.channel(key.name).Conf); err != nil {
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
