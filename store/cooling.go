package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

const (
	refColumns   = "scope, channel, url, key_id, model, group_name, protocol"
	entryColumns = refColumns + ", until, failures, kind, rule, message, since, attention, stated_until"
)

var insertEntry = writeRows("INSERT INTO cooling", entryColumns, 1)

const deleteEntry = `DELETE FROM cooling WHERE scope = ? AND channel = ? AND url = ? AND key_id = ? AND model = ?
	AND group_name = ? AND protocol = ?`

// restsForgotten is how long after its end a cooldown is kept. It is longer than
// health remembers one.
const restsForgotten = 48 * time.Hour

// SaveCooling implements Store.
func (d *database) SaveCooling(ctx context.Context, upsert []health.Entry, remove []health.Ref) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	if len(upsert) == 0 && len(remove) == 0 {
		return nil
	}
	return c.update(ctx, "saving what cools down", func(tx *sql.Tx) error {
		// First, because it makes others who save wait: where no key of the table
		// could hold all that an entry is known by, nobody else may add the same.
		if err := raise(ctx, tx, revisionCooling); err != nil {
			return err
		}
		for i := range remove {
			if _, err := tx.ExecContext(ctx, deleteEntry, refArgs(&remove[i])...); err != nil {
				return err
			}
		}
		for i := range upsert {
			e := &upsert[i]
			if _, err := tx.ExecContext(ctx, deleteEntry, refArgs(&e.Ref)...); err != nil {
				return err
			}
			args := append(refArgs(&e.Ref), nanos(e.Until), int64(e.Failures), e.Kind.String(), clean(e.Rule),
				clean(e.Message), nanos(e.Since), flag(e.Attention), nanos(e.StatedUntil))
			if _, err := tx.ExecContext(ctx, insertEntry, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

func refArgs(r *health.Ref) []any {
	return []any{
		r.Scope.String(), clean(r.Channel), clean(r.URL), clean(r.Key), clean(r.Model), clean(r.Group),
		clean(string(r.Protocol)),
	}
}

// LoadCooling implements Store.
func (d *database) LoadCooling(ctx context.Context) ([]health.Entry, error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	var entries []health.Entry
	err = c.view(ctx, "reading what cools down", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT "+entryColumns+" FROM cooling ORDER BY "+refColumns)
		if err != nil {
			return err
		}
		defer rows.Close()
		entries = nil
		for rows.Next() {
			var e health.Entry
			var protocol string
			if err := rows.Scan(name{&e.Scope}, &e.Channel, &e.URL, &e.Key, &e.Model, &e.Group, &protocol, moment{&e.Until},
				&e.Failures, name{&e.Kind}, &e.Rule, &e.Message, moment{&e.Since}, &e.Attention, moment{&e.StatedUntil}); err != nil {
				return err
			}
			e.Protocol = ai.Protocol(protocol)
			entries = append(entries, e)
		}
		return rows.Err()
	})
	return entries, err
}
