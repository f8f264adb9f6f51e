package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Kinds of documents.
const (
	KindChannel  = "channel"
	KindToken    = "token"
	KindAlias    = "alias"
	KindSettings = "settings"
)

// Document is something that was made by the dashboard or its API: a channel,
// a token, an alias, or the settings. What stands in it is its owner's affair;
// secrets in it are sealed or hashed.
type Document struct {
	Kind, Name       string
	Body             []byte // JSON
	Created, Updated time.Time
}

// Edit is a change of documents: all of it is done, or nothing.
type Edit struct {
	Put    []Document // replaces those of the same kind and name
	Remove []Document // of which kind and name count
	Trail  []AuditEntry
}

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

// ErrConflict says that somebody else has changed the documents meanwhile.
var ErrConflict = errors.New("somebody else has changed the stored configuration at the same moment")

// Revisions are numbers that grow when something changes that nodes share.
type Revisions struct {
	Config  int64 // the documents
	Cooling int64 // what cools down
}

const (
	revisionConfig  = "config"
	revisionCooling = "cooling"
)

// Revisions implements Store.
func (d *database) Revisions(ctx context.Context) (r Revisions, err error) {
	c, err := d.connections()
	if err != nil {
		return r, err
	}
	err = c.view(ctx, "looking for changes", func(tx *sql.Tx) error {
		r, err = readRevisions(ctx, tx)
		return err
	})
	return r, err
}

func readRevisions(ctx context.Context, tx *sql.Tx) (r Revisions, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT name, value FROM revisions")
	if err != nil {
		return r, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var value int64
		if err := rows.Scan(&name, &value); err != nil {
			return r, err
		}
		switch name {
		case revisionConfig:
			r.Config = value
		case revisionCooling:
			r.Cooling = value
		}
	}
	return r, rows.Err()
}

// raise makes a revision grow.
func raise(ctx context.Context, tx *sql.Tx, name string) error {
	_, err := tx.ExecContext(ctx, "UPDATE revisions SET value = value + 1 WHERE name = ?", name)
	return err
}

// errRaced says that another transaction has raised a revision first.
var errRaced = errors.New("another gateway was quicker")

// raiseFrom makes a revision grow that is still what it was, and fails with
// errRaced if it is not.
func raiseFrom(ctx context.Context, tx *sql.Tx, name string, from int64) error {
	done, err := tx.ExecContext(ctx, "UPDATE revisions SET value = value + 1 WHERE name = ? AND value = ?", name, from)
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n != 1 {
		err = errRaced
	}
	return err
}

// Documents implements Store.
func (d *database) Documents(ctx context.Context) (list []Document, revision int64, err error) {
	c, err := d.connections()
	if err != nil {
		return nil, 0, err
	}
	err = c.view(ctx, "reading the stored configuration", func(tx *sql.Tx) error {
		list = nil
		r, err := readRevisions(ctx, tx)
		if err != nil {
			return err
		}
		revision = r.Config
		rows, err := tx.QueryContext(ctx, "SELECT kind, name, body, created, updated FROM documents ORDER BY kind, name")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var doc Document
			if err := rows.Scan(&doc.Kind, &doc.Name, &doc.Body, moment{&doc.Created}, moment{&doc.Updated}); err != nil {
				return err
			}
			list = append(list, doc)
		}
		return rows.Err()
	})
	return list, revision, err
}

// EditDocuments implements Store.
func (d *database) EditDocuments(ctx context.Context, base int64, edit Edit) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	return c.update(ctx, "saving the configuration", func(tx *sql.Tx) error {
		if err := raiseFrom(ctx, tx, revisionConfig, base); errors.Is(err, errRaced) {
			return ErrConflict // whoever edits must look again
		} else if err != nil {
			return err
		}
		for i := range edit.Remove {
			if _, err := tx.ExecContext(ctx, "DELETE FROM documents WHERE kind = ? AND name = ?", edit.Remove[i].Kind, edit.Remove[i].Name); err != nil {
				return err
			}
			if edit.Remove[i].Kind != KindToken {
				continue
			}
			if _, err := tx.ExecContext(ctx, "DELETE FROM responses WHERE token = ?", clean(edit.Remove[i].Name)); err != nil {
				return err
			}
		}
		for i := range edit.Put {
			p := &edit.Put[i]
			if _, err := tx.ExecContext(ctx, "REPLACE INTO documents (kind, name, body, created, updated) VALUES (?, ?, ?, ?, ?)",
				p.Kind, p.Name, string(p.Body), nanos(p.Created), nanos(p.Updated)); err != nil {
				return err
			}
		}
		return writeTrail(ctx, tx, edit.Trail)
	})
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

// AuditFilter narrows the audit trail. Empty fields do not.
type AuditFilter struct {
	Actor, Action, Kind string    // as the entry has them
	Channel             string    // what was done to this one
	Since, Until        time.Time // until is after it
	Before              int64     // id of the last entry of the page before
	Limit               int       // at most MaxCalls; 0 is DefaultCalls
}

// kindsWithoutChannel are what of the audit trail is never about a channel,
// whatever its name.
const kindsWithoutChannel = "'token', 'alias', 'settings', 'login', 'call'"

// where returns the conditions of the filter.
func (f *AuditFilter) where(ctx context.Context, tx *sql.Tx) (*conditions, error) {
	q := new(conditions)
	for _, text := range []struct{ column, value string }{{"actor", f.Actor}, {"action", f.Action}, {"kind", f.Kind}, {"name", f.Channel}} {
		if text.value != "" {
			q.add(text.column+" = ?", clean(text.value))
		}
	}
	if f.Channel != "" {
		q.add("kind NOT IN (" + kindsWithoutChannel + ")")
	}
	if !f.Since.IsZero() {
		q.add("time >= ?", nanos(f.Since))
	}
	if !f.Until.IsZero() {
		q.add("time < ?", nanos(f.Until))
	}
	if f.Before > 0 {
		// By time: servers of a cluster give out ids in no order.
		var at int64
		if err := tx.QueryRowContext(ctx, "SELECT time FROM audit WHERE id = ?", f.Before).Scan(&at); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
		q.add("(time < ? OR (time = ? AND id < ?))", at, at, f.Before)
	}
	return q, nil
}

// Audit implements Store.
func (d *database) Audit(ctx context.Context, f AuditFilter) ([]AuditEntry, error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	limit := f.Limit
	if limit < 1 {
		limit = DefaultCalls
	}
	var list []AuditEntry
	err = c.view(ctx, "reading the audit trail", func(tx *sql.Tx) error {
		q, err := f.where(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT id, time, actor, address, action, kind, name, fields FROM audit %s ORDER BY time DESC, id DESC LIMIT %d", q, min(limit, MaxCalls)), q.args...)
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
