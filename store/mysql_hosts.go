package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/go-sql-driver/mysql"
)

// This file lets one DSN name several servers of a cluster.

// hostList is the address of a DSN that names several.
var hostList = regexp.MustCompile(`@tcp\(([^()]*,[^()]*)\)/`)

// cutHosts takes the servers out of a DSN that names several, and leaves the
// first, as the driver reads DSNs. Of any other DSN it returns no hosts.
func cutHosts(dsn string) (single string, hosts []string, err error) {
	all := hostList.FindAllStringSubmatchIndex(dsn, -1)
	if len(all) == 0 {
		return dsn, nil, nil
	}
	at := all[len(all)-1] // a password may hold anything
	for _, host := range strings.Split(dsn[at[2]:at[3]], ",") {
		if host = strings.TrimSpace(host); host == "" {
			return "", nil, errors.New("names an empty address among several: write tcp(a:3306,b:3306)")
		}
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), "3306")
		}
		hosts = append(hosts, host)
	}
	return dsn[:at[2]] + hosts[0] + dsn[at[3]:], hosts, nil
}

// cluster is the servers of a DSN, and which of them was good last. All
// connections go there until it fails, so that the others are in reserve and
// writes of one gateway do not meet on several servers.
type cluster struct {
	hosts []string
	good  atomic.Int64
}

// connector opens connections that have their settings, at the first server
// that can serve.
type connector struct {
	servers  []driver.Connector
	cluster  *cluster
	settings []string
	synced   int // wsrep_sync_wait, where the server is one of a Galera cluster
}

// newConnector returns a connector of a configuration.
func newConnector(config *mysql.Config, cluster *cluster, synced int, settings []string) (driver.Connector, error) {
	c := &connector{cluster: cluster, settings: settings, synced: synced}
	for _, host := range cluster.hosts {
		one := config.Clone()
		one.Addr = host
		if len(cluster.hosts) > 1 {
			one.Timeout /= 2 // there are others to be asked
			if one.TLS != nil && one.TLS.ServerName != "" {
				if name, _, err := net.SplitHostPort(host); err == nil {
					one.TLS = one.TLS.Clone()
					one.TLS.ServerName = name
				}
			}
		}
		server, err := mysql.NewConnector(one)
		if err != nil {
			return nil, err
		}
		c.servers = append(c.servers, server)
	}
	return c, nil
}

// Driver implements driver.Connector.
func (c *connector) Driver() driver.Driver { return c.servers[0].Driver() }

// Connect implements driver.Connector.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	first := int(c.cluster.good.Load())
	var failures []error
	for i := range c.servers {
		n := (first + i) % len(c.servers)
		conn, err := c.connect(ctx, n)
		if err == nil {
			c.cluster.good.Store(int64(n))
			return conn, nil
		}
		if len(c.servers) > 1 {
			err = fmt.Errorf("%s: %w", c.cluster.hosts[n], err)
		}
		failures = append(failures, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(failures...)
}

// errNotReady says that a server answers, and may not serve.
var errNotReady = &mysql.MySQLError{Number: 1047, Message: "the server has no part in its cluster now (wsrep_ready is OFF)"}

// connect opens a connection to one server.
func (c *connector) connect(ctx context.Context, n int) (driver.Conn, error) {
	if len(c.servers) > 1 { // one that hangs must leave time for the others
		part, cancel := context.WithTimeout(ctx, mysqlHostTimeout)
		defer cancel()
		ctx = part
	}
	conn, err := c.servers[n].Connect(ctx)
	if err != nil {
		return nil, err
	}
	settings := c.settings
	ready, err := galeraReady(ctx, conn)
	switch {
	case err != nil:
		return nil, errors.Join(err, conn.Close())
	case ready == "OFF":
		return nil, errors.Join(errNotReady, conn.Close())
	case ready != "" && c.synced > 0:
		settings = append(settings[:len(settings):len(settings)], fmt.Sprintf("SET SESSION wsrep_sync_wait = %d", c.synced))
	}
	for _, setting := range settings {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, setting, nil); err != nil { //nolint:forcetypeassert // the driver's own
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// galeraReady is the status wsrep_ready of a server in a Galera cluster, "" of
// any other.
func galeraReady(ctx context.Context, conn driver.Conn) (string, error) {
	on, err := shown(ctx, conn, "SHOW VARIABLES LIKE 'wsrep_on'")
	if err != nil || on != "ON" {
		return "", err
	}
	return shown(ctx, conn, "SHOW STATUS LIKE 'wsrep_ready'")
}

// shown is the value of what a SHOW statement finds, "" if that is nothing.
func shown(ctx context.Context, conn driver.Conn, query string) (string, error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, query, nil) //nolint:forcetypeassert // the driver's own
	if err != nil {
		return "", err
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	switch err := rows.Next(row); {
	case errors.Is(err, io.EOF) || err == nil && len(row) < 2:
		return "", nil
	case err != nil:
		return "", err
	}
	if text, ok := row[1].([]byte); ok {
		return string(text), nil
	}
	return fmt.Sprint(row[1]), nil
}
