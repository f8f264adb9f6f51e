package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrAway says that the database cannot be used now and may well be later,
// without anybody changing the configuration: it cannot be reached, does not
// answer, is locked, full or not ready. Any other error of Open is one that
// waiting does not mend.
var ErrAway = errors.New("the database is away")

// Error is a failure of a database. Every method of a store that fails because
// of its database returns one.
type Error struct {
	text string // what was being done to which database, and the remedy
	err  error
	away bool
}

// Error says what failed, in which database, and what to do about it.
func (e *Error) Error() string { return e.text }

// Unwrap returns the driver's error.
func (e *Error) Unwrap() error { return e.err }

// Is reports whether the error is ErrAway.
func (e *Error) Is(target error) bool { return e.away && target == ErrAway } //nolint:errorlint // as errors.Is asks

// StoreFailed tells callers that cannot import this package that the database
// is at fault, not the request.
func (e *Error) StoreFailed() bool {
	return !slices.ContainsFunc([]error{ErrNotFound, ErrConflict, ErrTooMany, sql.ErrNoRows},
		func(asked error) bool { return errors.Is(e.err, asked) })
}

// notOpenError is the type of ErrNotOpen.
type notOpenError struct{}

func (notOpenError) Error() string     { return "the store is not open" }
func (notOpenError) StoreFailed() bool { return true }

// mysqlAwayFaults are the numbers of errors by which a server says that it
// cannot serve now. Those from 8000 on are TiDB's.
var mysqlAwayFaults = []uint16{
	1021, 1114, 3675, // the disk is full
	1040, 1203, 1226, // too many connections
	1047,                                     // the node is not in a primary component of its cluster
	1053, 1077, 1080, 1152, 1184, 1927, 4031, // it shuts down or closes the connection
	1129,             // this host is blocked after too many failures
	1205, 1213, 3101, // others are in the way
	1290, 1792, 1836, // it is read-only: a replica that is to be promoted
	8002, 8022, 8028, 9001, 9002, 9003, 9005, 9006, 9007, // parts of TiDB are busy or move
}

// mysqlAway reports whether an error means that the server is away.
func mysqlAway(err error) bool {
	return mysqlFault(err, mysqlAwayFaults) || errors.Is(err, errMigrating) || errors.Is(err, errRaced) || networkAway(err) || isLost(err)
}

// networkAway reports whether nobody answers, or not in time. A socket that may
// not be used is no matter of time.
func networkAway(err error) bool {
	if errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) {
		return false
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && strings.HasSuffix(e.Op, " error") {
		return false // an alert of TLS: the two do not agree
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	var e net.Error // dialling, reading, writing and looking up names
	return errors.As(err, &e) || slices.ContainsFunc([]error{
		driver.ErrBadConn, mysql.ErrInvalidConn, mysql.ErrBusyBuffer,
	}, func(lost error) bool { return errors.Is(err, lost) })
}

// sqliteAwayFaults are the primary codes of SQLite that may pass by themselves.
var sqliteAwayFaults = []int{
	sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, // another process has it
	sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, // the disk
	sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOMEM,
}

// sqliteAway reports whether an error means that the file cannot be used now.
func sqliteAway(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return slices.Contains(sqliteAwayFaults, e.Code()&0xff)
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		slices.ContainsFunc([]syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EROFS, syscall.ESTALE, syscall.EDQUOT},
			func(n syscall.Errno) bool { return errors.Is(err, n) })
}
