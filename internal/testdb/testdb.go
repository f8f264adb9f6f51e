// Package testdb gives tests databases of their own on a server of MySQL or
// MariaDB.
package testdb

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Variable names the variable of the environment that holds the DSN of the
// server, of a user who may make databases: scripts/test.sh starts one.
const Variable = "CCLOAD_TEST_MYSQL"

// MySQL makes an empty database and returns its DSN. It is dropped when the test
// has ended. Without a server the test is skipped, or fails where CI is true.
func MySQL(tb testing.TB) (dsn string) {
	tb.Helper()
	config := server(tb)
	name := "ccload_test_" + strings.ToLower(rand.Text()[:16])
	Exec(tb, config.FormatDSN(), "CREATE DATABASE "+name)
	tb.Cleanup(func() { Exec(tb, config.FormatDSN(), "DROP DATABASE IF EXISTS "+name) })
	config = config.Clone()
	config.DBName = name
	return config.FormatDSN()
}

// server is where databases are made.
func server(tb testing.TB) *mysql.Config {
	tb.Helper()
	dsn := os.Getenv(Variable)
	if dsn == "" {
		const why = Variable + " is not set, so NOTHING IS TESTED ON MYSQL: name a server's DSN, or run sh scripts/test.sh, which starts one"
		if os.Getenv("CI") == "true" {
			tb.Fatal(why)
		}
		tb.Skip(why)
	}
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		tb.Fatalf("%s: %v", Variable, err)
	}
	config.DBName = ""
	config.InterpolateParams = true
	config.Logger = new(mysql.NopLogger)
	return config
}

// KillConnections ends all connections to the database of a DSN, in the middle
// of whatever they do, and returns how many.
func KillConnections(tb testing.TB, dsn string) (killed int) {
	tb.Helper()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	name := config.DBName
	config.DBName = ""
	with(tb, config.FormatDSN(), func(conn *connection) {
		for _, id := range conn.column("SELECT id FROM information_schema.processlist WHERE db = '" + name + "' AND id <> connection_id()") {
			err := conn.exec("KILL CONNECTION " + id)
			var e *mysql.MySQLError
			switch {
			case err == nil:
				killed++
			case errors.As(err, &e) && e.Number == 1094: // it has just ended
			default:
				tb.Error(err)
			}
		}
	})
	return killed
}

// Exec runs statements in the database of a DSN.
func Exec(tb testing.TB, dsn string, statements ...string) {
	tb.Helper()
	with(tb, dsn, func(conn *connection) {
		for _, statement := range statements {
			if err := conn.exec(statement); err != nil {
				tb.Errorf("%s: %v", statement, err)
			}
		}
	})
}

// Column returns the first column of what a query finds, as texts.
func Column(tb testing.TB, dsn, query string) (values []string) {
	tb.Helper()
	with(tb, dsn, func(conn *connection) { values = conn.column(query) })
	return values
}

// Answers reports whether the server takes statements.
func (s *Server) Answers() bool {
	config, err := mysql.ParseDSN(s.DSN(""))
	if err != nil {
		s.tb.Fatal(err)
	}
	config.Logger, config.Timeout, config.ReadTimeout = new(mysql.NopLogger), time.Second, time.Second
	connector, err := mysql.NewConnector(config)
	if err != nil {
		s.tb.Fatal(err)
	}
	conn, err := connector.Connect(context.Background())
	if err != nil {
		return false
	}
	defer conn.Close()
	_, err = conn.(driver.ExecerContext).ExecContext(context.Background(), "DO 1", nil) //nolint:forcetypeassert // the driver's own
	return err == nil
}

// connection is one to the server, without database/sql, which only the store
// uses.
type connection struct {
	testing.TB
	driver.Conn
}

func with(tb testing.TB, dsn string, use func(conn *connection)) {
	tb.Helper()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		tb.Fatal(err)
	}
	conn, err := connector.Connect(context.Background())
	if err != nil {
		tb.Fatalf("%s: %v", Variable, err)
	}
	defer conn.Close()
	use(&connection{tb, conn})
}

func (c *connection) exec(statement string) error {
	_, err := c.Conn.(driver.ExecerContext).ExecContext(context.Background(), statement, nil) //nolint:forcetypeassert // the driver's own
	return err
}

func (c *connection) column(query string) (values []string) {
	c.Helper()
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(context.Background(), query, nil) //nolint:forcetypeassert // the driver's own
	if err != nil {
		c.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return values
		case err != nil:
			c.Fatalf("%s: %v", query, err)
		}
		if text, ok := row[0].([]byte); ok {
			values = append(values, string(text))
		} else {
			values = append(values, fmt.Sprint(row[0]))
		}
	}
}
