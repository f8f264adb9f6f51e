package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// AuditEntry says who changed what, and when.
type AuditEntry struct {
	ID      int64     `json:"id"`
	Time    time.Time `json:"time"`
	Actor   string    `json:"actor"`
	Address string    `json:"address,omitempty"`
	Action  string    `json:"action"`
	Kind    string    `json:"kind"`
	Name    string    `json:"name"`
	Fields  []string  `json:"fields"` // the settings that changed, never what they were
}

// Note implements Store.
func (d *database) Note(ctx context.Context, trail ...AuditEntry) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	return c.update(ctx, "writing the audit trail", func(tx *sql.Tx) error { return writeTrail(ctx, tx, trail) })
}

func writeTrail(ctx context.Context, tx *sql.Tx, trail []AuditEntry) error {
	for i := range trail {
		e := &trail[i]
		fields, _ := json.Marshal(append([]string{}, e.Fields...)) // texts cannot fail
		if _, err := tx.ExecContext(ctx, "INSERT INTO audit (time, actor, address, action, kind, name, fields) VALUES (?, ?, ?, ?, ?, ?, ?)",
			nanos(e.Time), clean(e.Actor), clean(e.Address), clean(e.Action), clean(e.Kind), clean(e.Name), string(fields)); err != nil {
			return err
		}
	}
	return nil
}

// auditKept is how long the audit trail is kept.
const auditKept = 2 * 366 * 24 * time.Hour

// Audit implements Store.
func (d *database) Audit(ctx context.Context, before int64, limit int) ([]AuditEntry, error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	if limit < 1 {
		limit = DefaultCalls
	}
	var list []AuditEntry
	err = c.view(ctx, "reading the audit trail", func(tx *sql.Tx) error {
		query, args := "SELECT id, time, actor, address, action, kind, name, fields FROM audit", []any{}
		if before > 0 {
			// By time: servers of a cluster give out ids in no order.
			var at int64
			if err := tx.QueryRowContext(ctx, "SELECT time FROM audit WHERE id = ?", before).Scan(&at); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			query, args = query+" WHERE time < ? OR (time = ? AND id < ?)", append(args, at, at, before)
		}
		rows, err := tx.QueryContext(ctx, query+fmt.Sprintf(" ORDER BY time DESC, id DESC LIMIT %d", min(limit, MostCalls)), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		list = nil
		for rows.Next() {
			var e AuditEntry
			var fields []byte
			if err := rows.Scan(&e.ID, moment{&e.Time}, &e.Actor, &e.Address, &e.Action, &e.Kind, &e.Name, &fields); err != nil {
				return err
			}
			if err := json.Unmarshal(fields, &e.Fields); err != nil {
				return err
			}
			list = append(list, e)
		}
		return rows.Err()
	})
	return list, err
}
