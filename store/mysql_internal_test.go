package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/go-sql-driver/mysql"

	"github.com/ccload/ccload/internal/testdb"
)

func openForMySQL(t *testing.T) (*MySQL, *connections, string) {
	t.Helper()
	dsn := testdb.MySQL(t)
	s := &MySQL{DSN: dsn}
	if err := errors.Join(s.Provision(caddy.Context{}), s.Open(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c, err := s.connections()
	if err != nil {
		t.Fatal(err)
	}
	return s, c, dsn
}

func TestMySQLErrorsAreTold(t *testing.T) {
	number := func(n uint16) error { return &mysql.MySQLError{Number: n} }
	lost := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	for _, c := range []struct {
		err                             error
		rejects, repeatable, committing bool
	}{
		{number(1062), true, false, false},
		{number(1406), true, false, false},
		{number(1366), true, false, false},
		{number(1048), true, false, false},
		{number(1213), false, true, true},
		{number(9007), false, true, true},
		{number(8022), false, true, true},
		{number(1205), false, true, false},
		{number(1927), false, true, false},
		{number(1045), false, false, false},
		{number(1114), false, false, false},
		{mysql.ErrPktTooLarge, true, false, false},
		{mysql.ErrInvalidConn, false, true, false},
		{driver.ErrBadConn, false, true, false},
		{io.ErrUnexpectedEOF, false, true, false},
		{lost, false, true, false},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, false, false, false},
		{context.Canceled, false, false, false},
		{sql.ErrNoRows, false, false, false},
		{ErrConflict, false, false, false},
	} {
		err := fmt.Errorf("in the middle: %w", c.err)
		if mysqlRejects(err) != c.rejects || mysqlRepeatable(err, false) != c.repeatable || mysqlRepeatable(err, true) != c.committing {
			t.Errorf("%v: rejected %v, repeatable %v, at commit %v", err, mysqlRejects(err), mysqlRepeatable(err, false), mysqlRepeatable(err, true))
		}
	}
	for _, n := range []uint16{1044, 1045, 1049, 1040, 1290, 1114, 1153} {
		if mysqlRemedy(number(n)) == "" {
			t.Errorf("no remedy for %d", n)
		}
	}
}

// TestTransactionsAreTriedAgain on any database: as long as that is of use, and
// not for ever.
func TestTransactionsAreTriedAgain(t *testing.T) {
	_, c := open(t)
	passing, other := errors.New("a deadlock"), errors.New("nonsense")
	c.repeatable = func(err error, _ bool) bool { return errors.Is(err, passing) }
	for _, want := range []struct {
		fails []error
		tries int
		err   error
	}{
		{nil, 1, nil},
		{[]error{other}, 1, other},
		{[]error{passing, passing}, 3, nil},
		{[]error{passing, other}, 2, other},
		{slices.Repeat([]error{passing}, 100), maxTries, passing},
	} {
		tries := 0
		err := c.update(t.Context(), "trying", func(tx *sql.Tx) error {
			tries++
			if _, err := tx.ExecContext(t.Context(), "INSERT INTO spent (name, day, amount) VALUES (?, ?, 1)", fmt.Sprint(&want), tries); err != nil {
				return err
			}
			if tries <= len(want.fails) {
				return want.fails[tries-1]
			}
			return nil
		})
		if tries != want.tries || !errors.Is(err, want.err) {
			t.Errorf("%d tries and %v, want %d and %v", tries, err, want.tries, want.err)
		}
		var rows int
		if err := c.read.QueryRow("SELECT count(*) FROM spent WHERE name = ?", fmt.Sprint(&want)).Scan(&rows); err != nil || rows > 1 || (rows == 1) != (want.err == nil) {
			t.Errorf("%d rows are left of %d tries: %v", rows, tries, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.update(ctx, "trying", func(*sql.Tx) error { cancel(); return passing }); !errors.Is(err, passing) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestPatternsAsRegularExpressions(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"gpt-*", "GPT-5", true},
		{"gpt-*", "xgpt-5", false},
		{"*gpt", "gpt\n", false},
		{"*", "", true},
		{"a*", "a\nb", true},
		{"a.b*", "axb", false},
		{"(*", "(", true},
		{`\*`, `\d`, true},
		{"é*", "É", false},
		{"[a]*", "a", false},
	} {
		condition, arg := regexpPattern("model", c.pattern)
		text, _ := arg.(string)
		if got := regexp.MustCompile(text).MatchString(c.text); got != c.want || condition != "model REGEXP ?" {
			t.Errorf("%q matches %q: %v", c.pattern, c.text, got)
		}
	}
}

// TestMySQLListsUseAnIndex: no list may walk or sort the whole request log.
func TestMySQLListsUseAnIndex(t *testing.T) {
	_, c, dsn := openForMySQL(t)
	testdb.Exec(t, dsn, `INSERT INTO calls (id, time, protocol, operation, model, upstream_model, token, channel, stream, status, outcome,
		first_content_ns, duration_ns, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, client_ip, response_id, details)
		WITH RECURSIVE d (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM d WHERE i < 19),
			n (i) AS (SELECT a.i + 20 * b.i + 400 * c.i FROM d a, d b, d c)
		SELECT i, i, '', '', concat('m', i % 50), '', concat('t', i % 50), concat('c', i % 50), 0, 200, if(i % 50 = 0, 'timeout', 'ok'),
			0, 0, 0, 0, 0, 0, '', '', repeat('x', 300) FROM n`, "ANALYZE TABLE calls")
	for _, want := range []struct {
		f     CallFilter
		index string
	}{
		{CallFilter{}, "calls_by_time"},
		{CallFilter{Since: time.Unix(0, 7000), Until: time.Unix(0, 7100)}, "calls_by_time"},
		{CallFilter{Token: "t1"}, "calls_by_token"},
		{CallFilter{Channel: "c1", Since: time.Unix(0, 10)}, "calls_by_channel"},
		{CallFilter{Model: "m1", Until: time.Unix(0, 7000)}, "calls_by_model"},
		{CallFilter{Model: "m1*"}, "calls_by_time"},
		{CallFilter{Outcome: "timeout"}, "calls_by_failure"},
		{CallFilter{Token: "t1", Before: "7000"}, "calls_by_token"},
		{CallFilter{Before: "7000"}, "calls_by_time"},
	} {
		err := c.view(t.Context(), "explaining", func(tx *sql.Tx) error {
			q, err := want.f.where(t.Context(), tx, c.pattern)
			if err != nil {
				return err
			}
			way, err := c.choose(t.Context(), tx, &want.f)
			if err != nil {
				return err
			}
			columns := callColumns
			if way.column != "" { // the calls of each name
				q, columns = q.with(way.column+" = ?", "m1"), "time, seq"
			}
			index, extra, err := explainMySQL(t.Context(), tx, c.along(way, columns, q, want.f.limit()), q.args)
			if index != want.index || strings.Contains(extra, "filesort") {
				t.Errorf("%+v: by %s, %s; want %s", want.f, index, extra, want.index)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// explainMySQL returns the index of a query and what is remarked on it.
func explainMySQL(ctx context.Context, tx *sql.Tx, query string, args []any) (index, extra string, err error) {
	rows, err := tx.QueryContext(ctx, "EXPLAIN "+query, args...)
	if err != nil {
		return "", "", err
	}
	defer rows.Close()
	columns, err := rows.Columns() // MySQL has more of them than MariaDB
	if err != nil {
		return "", "", err
	}
	values := make([]sql.NullString, len(columns))
	fields := make([]any, len(columns))
	for i := range values {
		fields[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return "", "", err
		}
	}
	return values[slices.Index(columns, "key")].String, values[slices.Index(columns, "Extra")].String, rows.Err()
}
