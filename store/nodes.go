package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/ccload/ccload/ai"
)

// nodeKept is how long a node that was not seen any more is told of.
const nodeKept = 24 * time.Hour

// writeNode says who a node is.
func writeNode(ctx context.Context, tx *sql.Tx, n *Node) error {
	if _, err := tx.ExecContext(ctx, "REPLACE INTO nodes (id, name, version, since, seen) VALUES (?, ?, ?, ?, ?)",
		clean(n.ID), ai.CutBytes(clean(n.Name), 255), ai.CutBytes(clean(n.Version), 100), nanos(n.Since), nanos(n.Seen)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM nodes WHERE seen < ?", nanos(n.Seen.Add(-nodeKept)))
	return err
}

// KnownNodes implements Store.
func (d *database) KnownNodes(ctx context.Context) (list []Node, err error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	err = c.view(ctx, "reading the nodes", func(tx *sql.Tx) error {
		list = nil
		rows, err := tx.QueryContext(ctx, "SELECT id, name, version, since, seen FROM nodes ORDER BY since, id")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var n Node
			if err := rows.Scan(&n.ID, &n.Name, &n.Version, moment{&n.Since}, moment{&n.Seen}); err != nil {
				return err
			}
			list = append(list, n)
		}
		return rows.Err()
	})
	return list, err
}
