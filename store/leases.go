package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
)

// Nodes that share a database share the limits of tokens and channels: each
// takes a share of a limit for a while, and the shares of all never add up to
// more than the limit. A node that dies gives its shares back by not renewing
// them.

// Node is a gateway that uses the database.
type Node struct {
	ID string
	// Shares says that it keeps to its shares. Until it does, it may be using
	// all of every limit.
	Shares bool

	// What people know it by; of no matter for limits.
	Name    string    // of its machine
	Version string    // of its program
	Since   time.Time // when it began
	Seen    time.Time // when it was heard of last
}

// Claim is what a node asks of one limit.
type Claim struct {
	// Name of the limit. Every node calls it the same.
	Name string

	// Limit is what all nodes together may have. Where Account is set it is
	// lowered to what its budget leaves.
	Limit int64

	// Used is what the node is using already, which it gets in any case. Needed
	// is what it cannot do without, at least Used: other nodes are told if it
	// gets less. Wanted is what it would like to have, at least Needed.
	Used, Needed, Wanted int64

	// Account is whose money it is, token/… or channel/…; "" for other limits.
	Account string
	Budget  access.Budget
	Day     ai.Day // today, by the calendar of the budget
}

// Grant is what a node got.
type Grant struct {
	Share int64
	// Exclusive says that no other node has a share, and this one all there is.
	Exclusive bool
	// Spent from the purse by all nodes, as far as it is written: on the day, in
	// its month, and ever.
	Spent access.State
}

const (
	revisionLeases = "leases"
	leaseOfNode    = "node"
)

// Nodes implements Store.
func (d *database) Nodes(ctx context.Context, self string, now time.Time) (others []Node, hungry []string, err error) {
	c, err := d.connections()
	if err != nil {
		return nil, nil, err
	}
	err = c.view(ctx, "looking for other nodes", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT name, node, amount FROM leases WHERE node <> ? AND expires > ? AND (name = ? OR wanted > amount) ORDER BY node",
			clean(self), nanos(now), leaseOfNode)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name, node string
			var amount int64
			if err := rows.Scan(&name, &node, &amount); err != nil {
				return err
			}
			if name == leaseOfNode {
				others = append(others, Node{ID: node, Shares: amount > 0})
			} else {
				hungry = append(hungry, name)
			}
		}
		return rows.Err()
	})
	return others, hungry, err
}

// replaceLease takes name, node, amount, wanted and expires.
const replaceLease = "REPLACE INTO leases (name, node, amount, wanted, expires) VALUES (?, ?, ?, ?, ?)"

// Heartbeat implements Store.
func (d *database) Heartbeat(ctx context.Context, n Node, until time.Time) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	return c.update(ctx, "saying that this node is there", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, replaceLease, leaseOfNode, clean(n.ID), flag(n.Shares), flag(n.Shares), nanos(until)); err != nil {
			return err
		}
		return writeNode(ctx, tx, &n)
	})
}

// Leave implements Store.
func (d *database) Leave(ctx context.Context, node string) error {
	c, err := d.connections()
	if err != nil {
		return err
	}
	return c.update(ctx, "saying that this node is gone", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM leases WHERE name = ? AND node = ?", leaseOfNode, clean(node)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM nodes WHERE id = ?", clean(node))
		return err
	})
}

// Lease implements Store.
func (d *database) Lease(ctx context.Context, node string, claims []Claim, now, until time.Time) ([]Grant, error) {
	c, err := d.connections()
	if err != nil {
		return nil, err
	}
	grants := make([]Grant, len(claims))
	err = c.update(ctx, "sharing limits with other nodes", func(tx *sql.Tx) error {
		if err := c.claimTurn(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM leases WHERE expires <= ?", nanos(now)); err != nil {
			return err
		}
		taken, err := readLeases(ctx, tx, node)
		if err != nil {
			return err
		}
		for i := range claims {
			if grants[i], err = claims[i].divide(ctx, tx, taken[claims[i].Name]); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, replaceLease, clean(claims[i].Name), clean(node), grants[i].Share, claims[i].Needed, nanos(until)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return grants, nil
}

// claimTurn makes the transaction the only one that divides as of the revision
// that it sees, by a compare-and-set of it. Whoever divided meanwhile has raised
// the revision, so that nothing is changed here and the transaction fails with
// errRaced, to be run again on what is there now. Where the compare-and-set
// succeeds, nobody has divided since the revision was read: that relies neither
// on locks of rows, which the servers of a cluster do not share, nor on the
// isolation of reads. The lock only lets those who use the same server wait
// instead of trying again.
func (c *connections) claimTurn(ctx context.Context, tx *sql.Tx) error {
	var seen int64
	if err := tx.QueryRowContext(ctx, "SELECT value FROM revisions WHERE name = ?"+c.lockRows, revisionLeases).Scan(&seen); err != nil {
		return err
	}
	return raiseFrom(ctx, tx, revisionLeases, seen)
}

// readLeases adds up the shares of other nodes, by the name of the limit.
func readLeases(ctx context.Context, tx *sql.Tx, node string) (map[string]int64, error) {
	rows, err := tx.QueryContext(ctx, "SELECT name, amount FROM leases WHERE node <> ? AND name <> ?", clean(node), leaseOfNode)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	taken := make(map[string]int64)
	for rows.Next() {
		var name string
		var amount int64
		if err := rows.Scan(&name, &amount); err != nil {
			return nil, err
		}
		taken[name] += amount
	}
	return taken, rows.Err()
}

// divide decides on one claim.
func (k *Claim) divide(ctx context.Context, tx *sql.Tx, others int64) (g Grant, err error) {
	limit := k.Limit
	if k.Account != "" {
		if g.Spent, err = readSpent(ctx, tx, k.Account, k.Day); err != nil {
			return g, err
		}
		limit = k.Budget.Left(g.Spent)
	}
	free := max(0, limit-others)
	g.Share = max(k.Used, min(k.Wanted, free))
	g.Exclusive = others == 0 && g.Share >= limit
	return g, nil
}

// readSpent adds up what was spent from a purse.
func readSpent(ctx context.Context, tx *sql.Tx, purse string, day ai.Day) (s access.State, err error) {
	month := day.Month()
	err = tx.QueryRowContext(ctx, `SELECT coalesce(sum(CASE WHEN day = ? THEN amount ELSE 0 END), 0),
		coalesce(sum(CASE WHEN day >= ? AND day < ? THEN amount ELSE 0 END), 0), coalesce(sum(amount), 0) FROM spent WHERE name = ?`,
		int64(day), int64(month), int64(month)+100, clean(purse)).Scan(&s.Day, &s.Month, &s.Total)
	if err != nil {
		return s, fmt.Errorf("what %s has spent: %w", purse, err)
	}
	return s, nil
}
