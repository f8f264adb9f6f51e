package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"
)

// Numbers of errors, by what they mean here. Those from 8000 on are TiDB's.
var (
	// The values are at fault.
	valueFaults = []uint16{
		1048, 1062, 1118, 1138, 1153, 1264, 1265, 1292, 1301, 1366, 1406, 3140, 3819, 4025,
	}
	// What a statement was to make is there, or what it was to drop is not.
	doneFaults = []uint16{1050, 1060, 1061, 1091}
	// The whole transaction was undone because of others, even at its commit.
	conflictFaults = []uint16{1020, 1213, 3101, 8002, 8022, 8028, 9007}
	// The statement failed for a reason that may be over the next moment.
	passingFaults = []uint16{
		1047,       // this server of a cluster has no part in it now
		1105, 1180, // a cluster did not take it; at the commit nobody knows
		1205,             // waited too long for a lock
		1053, 1927, 4031, // the server has closed the connection
		9001, 9002, 9003, 9005, 9006, // parts of TiDB are busy or move
	}
)

// leaveFaults are those of a server that will not serve its connections any
// more: they are given up.
var leaveFaults = []uint16{1047, 1053, 1290, 1792, 1836}

func mysqlFault(err error, among []uint16) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && slices.Contains(among, e.Number)
}

// mysqlRejects reports whether the server refuses the values.
func mysqlRejects(err error) bool {
	return mysqlFault(err, valueFaults) || isTooLarge(err)
}

// isTooLarge reports whether a message is longer than the server takes, which
// MariaDB has no number for if the value was sent in pieces.
func isTooLarge(err error) bool {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	return errors.Is(err, mysql.ErrPktTooLarge) || ok && e.Number == 1105 && strings.Contains(e.Message, "max_allowed_packet")
}

// mysqlDone reports whether a statement of a migration was done before.
func mysqlDone(err error) bool { return mysqlFault(err, doneFaults) }

// mysqlRepeatable reports whether a transaction may be run again: it was undone
// for sure, and not because of what was in it. When the connection is lost at
// its commit, nobody knows.
func mysqlRepeatable(err error, committing bool) bool {
	if mysqlFault(err, conflictFaults) {
		return true
	}
	return !committing && (mysqlFault(err, passingFaults) || isLost(err))
}

// isLost reports whether a connection that was there is gone.
func isLost(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Op != "dial" && !e.Timeout()
	}
	return slices.ContainsFunc([]error{
		driver.ErrBadConn, mysql.ErrInvalidConn, mysql.ErrMalformPkt, mysql.ErrPktSync, mysql.ErrPktSyncMul,
		io.EOF, io.ErrUnexpectedEOF,
	}, func(lost error) bool { return errors.Is(err, lost) })
}

// mysqlRemedies say what to do about errors of the server, by number.
var mysqlRemedies = map[uint16]string{
	1044: "let the user use the database: GRANT ALL ON database.* TO user",
	1045: "check user and password in the DSN, and from which hosts the server lets the user in",
	1698: "the server lets this user in without a password over a local socket only: make a user with a password",
	1049: "make it: CREATE DATABASE, or correct its name in the DSN",
	1142: "let the user make and change tables of the database: GRANT ALL ON database.* TO user",
	1040: "the server has no connection left: raise its max_connections, or lower ours",
	1203: "the user has no connection left: raise max_user_connections on the server, or lower our max_connections",
	1226: "the user is over a limit of the server: raise it",
	1129: "the server has blocked this host after too many failures: FLUSH HOSTS on the server",
	1130: "let this host in: the user's name on the server ends in the hosts it may come from",
	1290: "the server is read-only: name the one that may be written to in the DSN",
	1792: "the server is read-only: name the one that may be written to in the DSN",
	1836: "the server is read-only: name the one that may be written to in the DSN",
	1021: "the server's disk is full: free some space, or lower the retention",
	1114: "the server's disk or tablespace is full: free some space, or lower the retention",
	3675: "the server's disk is full: free some space, or lower the retention",
	1153: "raise max_allowed_packet on the server",
	1205: "others keep what is to be changed locked: look at SHOW PROCESSLIST on the server",
	1213: "others change the same all the time: try again",
	1665: "set binlog_format to ROW or MIXED on the server",
	1071: "the server's keys are too short: it must be MySQL 8, MariaDB 10.11 or TiDB 6.2, or later",
	1064: "the server must be MySQL 8, MariaDB 10.11 or TiDB 6.2, or later",
	1146: "a table is gone: restore a backup, or start with an empty database",
	1054: "a column is gone: restore a backup, or start with an empty database",
	3159: "the server wants encryption: add tls=true to the DSN",
}

// explain says what failed in which database, and what to do about it.
func (s *MySQL) explain(doing string, err error) error {
	remedy := mysqlRemedy(err)
	if remedy != "" {
		remedy = " (" + remedy + ")"
	}
	return &Error{fmt.Sprintf("store mysql: %s: %s: %v%s", s.place(), doing, err, remedy), err, mysqlAway(err)}
}

func mysqlRemedy(err error) string {
	if isTooLarge(err) {
		return mysqlRemedies[1153]
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return mysqlRemedies[e.Number]
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the server's certificate is not trusted: name the file of its authority with ca, and the server as in its certificate"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "name the server in the DSN as in its certificate"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "the server's name is unknown: check the host in the DSN"
	}
	for _, r := range []struct {
		err    error
		remedy string
	}{
		{ErrNewer, "start the newer version again, or choose another database"},
		{ErrForeign, "choose another database"},
		{errMigrating, "wait until it is done, or end its connection on the server"},
		{mysql.ErrNoTLS, "the server has no certificate: give it one, or leave tls out of the DSN"},
		{mysql.ErrCleartextPassword, "let the user log in with another plugin, or add tls=true&allowCleartextPasswords=true to the DSN"},
		{mysql.ErrUnknownPlugin, "let the user log in by caching_sha2_password or mysql_native_password"},
		{syscall.ECONNREFUSED, "no server answers there: check that it runs, and host and port in the DSN"},
		{syscall.ENOENT, "there is no such socket: check that the server runs, and the path in the DSN"},
		{syscall.EHOSTUNREACH, "the server cannot be reached: check the network and the host in the DSN"},
		{mysql.ErrInvalidConn, "the connection was lost: check that the server runs, and its log"},
		{driver.ErrBadConn, "the connection was lost: check that the server runs, and its log"},
	} {
		if errors.Is(err, r.err) {
			return r.remedy
		}
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Timeout() {
		return "the server does not answer: check the network, and host and port in the DSN"
	}
	return ""
}
