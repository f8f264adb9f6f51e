package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/internal/callrow"
)

// Store remembers calls, what cools down, and what was made by the dashboard. After
// Open it is safe for concurrent use; before it, and after Close, every method
// answers ErrNotOpen.
//
// An error names the database and, where one is known, the remedy. A method
// that fails has changed nothing, except where it says otherwise.
//
// Whoever needs only a part of it takes that part.
type Store interface {
	Database
	Calls
	Statistics
	Cooldowns
	Documents
	Sessions
	Captures
	Responses
	Leases
	Memory
}

// Database is the connection to a database.
type Database interface {
	// Identity names the database, for finding the state that belongs to it. It
	// is known once the module has been provisioned and holds no secret.
	Identity() string

	// Open connects and brings the schema up to date, which is safe while other
	// processes do the same. It fails with ErrAway where the database cannot be
	// used now, within seconds if nobody answers; with ErrNewer or ErrForeign
	// where it is not for this build. Opening twice does nothing.
	Open(ctx context.Context) error

	// Close lets go of the database. It may be opened again.
	Close() error
}

// Calls keeps what is recorded of calls.
type Calls interface {
	// WriteRows writes the calls in their order, all in one transaction. A
	// record that is already there is left as it is, so a batch whose fate is
	// unknown may be written again. A record that the database cannot take is
	// left out and the others are written; the error is then a *RefusedError. It
	// marks the rows that were not there before as fresh.
	WriteRows(ctx context.Context, rows []callrow.Row) error

	// WriteCalls is WriteRows for records that are not rows yet.
	WriteCalls(ctx context.Context, records []*ai.Record) error

	// Call returns one call, or ErrNotFound. Empty lists come back empty, not
	// nil, and moments in UTC.
	Call(ctx context.Context, id string) (*ai.Record, error)

	// Calls returns the calls that fit, the latest first.
	Calls(ctx context.Context, f CallFilter) ([]*ai.Record, error)

	// ResponseOwner returns the target that made a response which upstream
	// stored, and the token it was made for, or ErrNotFound.
	ResponseOwner(ctx context.Context, responseID string) (made ai.Target, token string, err error)

	// Reprice calls price for each stored call that arrived at since or later,
	// in the order of their arrival; what it changes of the costs of the call and
	// its attempts is stored, and what was spent is corrected by it, which moved
	// tells, and so are the statistics. The candidates of the records are not
	// read. It works in slices so short that writers hardly wait; when it fails,
	// those that are done stay done.
	Reprice(ctx context.Context, since time.Time, price func(*ai.Record)) (changed int, moved []access.Spent, err error)

	// Prune deletes at most step calls, oldest first: those that arrived before
	// olderThan, and those in the way of the database being at most maxBytes
	// large. A zero olderThan or maxBytes is no bound. It works in slices so
	// short that writers hardly wait. Call it until it deletes none: that last
	// call also returns space to the operating system and forgets cooldowns that
	// ended long ago. Statistics stay when calls go; of them, that last call
	// forgets those by minute and by hour, once older than MinutesKept and
	// HoursKept.
	Prune(ctx context.Context, olderThan time.Time, maxBytes int64, step int) (deleted int, err error)
}

// Statistics is what the calls written add up to, pruned ones included.
type Statistics interface {
	// Stats returns what the calls written add up to, pruned ones included, in
	// the order of time and then of the dimensions. Groups without calls have no
	// row. It fails with ErrTooMany if there are more than MaxStats.
	Stats(ctx context.Context, f StatsFilter) ([]StatsRow, error)

	// LoadSpent returns what was spent by each token and channel on each day, as
	// the calls written add up to, pruned ones included.
	LoadSpent(ctx context.Context) ([]access.Spent, error)
}

// Cooldowns keeps what cools down, for the next start and for other nodes.
type Cooldowns interface {
	// SaveCooling forgets the entries of remove and then writes those of upsert
	// over what was there.
	SaveCooling(ctx context.Context, upsert []health.Entry, remove []health.Ref) error

	// LoadCooling returns every entry saved and not removed.
	LoadCooling(ctx context.Context) ([]health.Entry, error)
}

// Documents keeps what was made by the dashboard or its API, and who changed what.
type Documents interface {
	// Revisions tells whether there is something new, with one cheap question.
	Revisions(ctx context.Context) (Revisions, error)

	// Documents returns everything that was made by the dashboard or its API, by
	// kind and name, and the revision it is of.
	Documents(ctx context.Context) (list []Document, revision int64, err error)

	// EditDocuments does all of an edit that was decided on as of revision base,
	// and begins a new revision. It fails with ErrConflict if there is a newer
	// one already.
	EditDocuments(ctx context.Context, base int64, edit Edit) error

	// Note adds to the audit trail what changes no document.
	Note(ctx context.Context, trail ...AuditEntry) error

	// Audit returns the entries of the audit trail that fit, the latest first. It
	// is kept for two years.
	Audit(ctx context.Context, f AuditFilter) ([]AuditEntry, error)
}

// Sessions keeps logins of the dashboard.
type Sessions interface {
	// SaveSession remembers a login, DeleteSession and DeleteSessions forget one
	// and all of a role and name. LoadSession fails with ErrNotFound where it
	// does not know it; whether it has ended, the caller has to look.
	SaveSession(ctx context.Context, s Session) error
	LoadSession(ctx context.Context, hash []byte) (Session, error)
	DeleteSession(ctx context.Context, hash []byte) error
	DeleteSessions(ctx context.Context, role, name string) error
}

// Captures keeps what was said in calls, where somebody has asked for it.
type Captures interface {
	// SaveCaptures keeps what was said in calls; LoadCapture fails with
	// ErrNotFound where nothing was kept of a call. ForgetCaptures forgets those
	// of calls that arrived before olderThan, and the oldest until all together
	// take at most maxBytes. ResealCaptures lets seal change what is sealed of
	// each, and ends with its first error.
	SaveCaptures(ctx context.Context, list []Capture) error
	LoadCapture(ctx context.Context, id string) (Capture, error)
	ForgetCaptures(ctx context.Context, olderThan time.Time, maxBytes int64) error
	ResealCaptures(ctx context.Context, seal func(*Capture) error) error
}

// Responses keeps responses that a translation made, for the clients that refer
// to them. Each is of one token, and is not there for another; those of a token
// that an edit of the documents removes go with it.
type Responses interface {
	// SaveResponses keeps responses, over those of the same ids; what they use
	// counts as made when they were.
	SaveResponses(ctx context.Context, list []Response) error
	// LoadResponses returns a response and, for a chain, those that it continues
	// in turn as far as they are there, the newest first. It fails with
	// ErrNotFound where the first is not there.
	LoadResponses(ctx context.Context, token, id string, chain bool) ([]Response, error)
	// DeleteResponse fails with ErrNotFound where it is not there.
	DeleteResponse(ctx context.Context, token, id string) error
	// ForgetResponses forgets those of before olderThan, and the oldest until all
	// together take at most maxBytes.
	ForgetResponses(ctx context.Context, olderThan time.Time, maxBytes int64) error
	// ResealResponses lets seal change what is sealed of each, and ends with its
	// first error.
	ResealResponses(ctx context.Context, seal func(*Response) error) error
}

// Leases divides limits among the nodes that share a database.
type Leases interface {
	// Nodes returns the nodes beside this one that are there at a moment, and
	// the names of limits of which one of them got less than it needs. Heartbeat says
	// that a node is there until another moment, Leave that it is gone.
	Nodes(ctx context.Context, self string, now time.Time) (others []Node, hungry []string, err error)
	Heartbeat(ctx context.Context, n Node, until time.Time) error
	Leave(ctx context.Context, node string) error
	// KnownNodes returns every node that Heartbeat told of within a day, the
	// oldest first, this one included, but those that have left.
	KnownNodes(ctx context.Context) ([]Node, error)

	// Lease divides limits: it grants each of the node's claims what the shares
	// of other nodes leave, until a moment, and takes back what it had before.
	// Whatever has ended at now is nobody's any more.
	Lease(ctx context.Context, node string, claims []Claim, now, until time.Time) ([]Grant, error)
}

// Memory keeps small things of any kind.
type Memory interface {
	// SaveMemory keeps something small under a name, over what was there.
	SaveMemory(ctx context.Context, name string, value []byte) error

	// LoadMemory returns what was kept under a name, or ErrNotFound.
	LoadMemory(ctx context.Context, name string) ([]byte, error)
}

// Bounds of a page of calls.
const (
	DefaultCalls = 50  // where the filter names no limit
	MaxCalls     = 500 // whatever the filter says
)

// CallFilter narrows a list of calls. Empty fields do not.
type CallFilter struct {
	// Token, Channel (the one that served) and Model (as the client named it)
	// are exact, or patterns in which a * stands for any run of characters and
	// the case of ASCII letters is ignored.
	Token, Channel, Model string

	Outcome string    // name of an ai.Kind
	Status  int       // status the client got
	Since   time.Time // arrived then or later
	Until   time.Time // arrived before

	// Before is the id of the last call of the page before this one. If that
	// call has been pruned, so has what came after it: the page is empty.
	Before string

	Limit int // 1 to MaxCalls; below it is DefaultCalls, above it MaxCalls
}

var (
	// ErrNotFound says that there is no such call, or that no call made such a
	// response.
	ErrNotFound = errors.New("not found in the store")

	// ErrTooMany says that statistics would have more than MaxStats rows.
	ErrTooMany = fmt.Errorf("more than %d groups: ask for a shorter time, a longer step, fewer dimensions or a narrower filter", MaxStats)

	// ErrNotOpen says that the store has not been opened yet, or is closed.
	ErrNotOpen error = notOpenError{}

	// ErrNewer says that a newer build has written the database, in a way this
	// one does not know.
	ErrNewer = errors.New("the database was made by a newer version of ccload")

	// ErrForeign says that the database belongs to another program.
	ErrForeign = errors.New("the database is not one of ccload")

	// ErrVanished says that the file of an open database was removed or
	// replaced, so that what is written to it would be lost.
	ErrVanished = errors.New("the database file was removed or replaced while in use")
)

// RefusedError says that a batch was written without some of its records,
// which the database will not take however often it is asked.
type RefusedError struct {
	Refusals []Refusal
}

// Refusal is one record that was left out, and why.
type Refusal struct {
	ID  string
	Err error
}

// Error names the first few.
func (e *RefusedError) Error() string {
	const shown = 3
	var b strings.Builder
	fmt.Fprintf(&b, "%d of the calls cannot be stored", len(e.Refusals))
	for i, r := range e.Refusals {
		if i == shown {
			b.WriteString("; …")
			break
		}
		fmt.Fprintf(&b, "; %q: %v", r.ID, r.Err)
	}
	return b.String()
}

// Refused is the number of records left out.
func (e *RefusedError) Refused() int { return len(e.Refusals) }

// Unwrap returns the reasons.
func (e *RefusedError) Unwrap() []error {
	errs := make([]error, len(e.Refusals))
	for i, r := range e.Refusals {
		errs[i] = r.Err
	}
	return errs
}
