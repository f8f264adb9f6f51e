package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/go-sql-driver/mysql"
)

func init() {
	caddy.RegisterModule(new(MySQL))
}

// MySQL remembers in a database of MySQL 8, of MariaDB 10.11 or later, or of
// TiDB 6.2 or later, which several gateways may share. The database has to
// exist; its tables are made when a gateway first starts, for which its user
// needs CREATE, ALTER and INDEX beside SELECT, INSERT, UPDATE and DELETE:
//
//	CREATE DATABASE ccload;
//	CREATE USER ccload@'%' IDENTIFIED BY '…';
//	GRANT ALL ON ccload.* TO ccload@'%';
//
// A transaction that the server undoes, because two were in each other's way or
// the connection was lost, is tried again a few times.
type MySQL struct {
	// DSN says where the database is and who asks:
	// user:password@tcp(host:3306)/database, or user@unix(/path)/database. Of a
	// cluster several servers may be named, user:password@tcp(a:3306,b:3306)/database:
	// the first that can serve is used until it fails. Options
	// may follow, such as ?tls=true (also skip-verify and preferred, which trust
	// whoever answers) or &timeout=5s; all are those of
	// github.com/go-sql-driver/mysql. Placeholders are replaced; as the DSN holds
	// a password, {env.CCLOAD_MYSQL_DSN} or {file./run/secrets/dsn} is best.
	// Required.
	DSN string `json:"dsn"`

	// CA is a PEM file of the authorities that may have signed the server's
	// certificate; with it connections are encrypted and the server's name is
	// checked. Placeholders are replaced. Default: what the DSN's tls says.
	CA string `json:"ca,omitempty"`

	// MaxConnections is how many connections this gateway opens at most, from 2
	// on. Default: 12.
	MaxConnections int `json:"max_connections,omitempty"`

	database

	config  *mysql.Config // DSN, parsed, with the first of its servers
	cluster cluster
	mu      sync.Mutex
	now     func() time.Time
	pruning
}

// Defaults of connections.
const (
	defaultConnections = 12
	fewestConnections  = 2
	mysqlDialTimeout   = 5 * time.Second // to connect, and at start also to log in
	mysqlHostTimeout   = 2 * time.Second // the same of one server of several
	mysqlTimeout       = time.Minute     // for the server to take or say something
)

// CaddyModule returns the Caddy module information.
func (*MySQL) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "ccload.stores.mysql",
		New: func() caddy.Module { return new(MySQL) },
	}
}

// Provision reads the DSN and the file of authorities. It opens no connection.
// No error quotes the DSN, because of the password in it.
func (s *MySQL) Provision(caddy.Context) error {
	s.now = time.Now
	replacer := caddy.NewReplacer()
	dsn, err := replacer.ReplaceOrErr(s.DSN, true, true)
	if err != nil {
		return fmt.Errorf("store mysql: dsn: %w", placeholderFault(err))
	}
	if s.config, s.cluster.hosts, err = parseDSN(dsn); err != nil {
		return fmt.Errorf("store mysql: dsn: %w", err)
	}
	if s.MaxConnections == 0 {
		s.MaxConnections = defaultConnections
	}
	if s.CA == "" {
		return nil
	}
	path, err := replacer.ReplaceOrErr(s.CA, true, true)
	if err != nil {
		return fmt.Errorf("store mysql: ca %q: %w", s.CA, err)
	}
	if err := trust(s.config, path); err != nil {
		return fmt.Errorf("store mysql: ca %q: %w", path, err)
	}
	return nil
}

// Validate checks what was provisioned.
func (s *MySQL) Validate() error {
	if s.config == nil {
		return errors.New("store mysql: has no dsn")
	}
	if s.MaxConnections < fewestConnections {
		return fmt.Errorf("store mysql: max_connections %d: must be %d or more", s.MaxConnections, fewestConnections)
	}
	return nil
}

// UnmarshalCaddyfile reads
//
//	mysql <dsn> {
//		ca              <file>
//		max_connections <number>
//	}
func (s *MySQL) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	if !d.NextArg() || d.Val() == "" {
		return d.Err("store mysql: needs a DSN: " + dsnForm + ", best as {env.NAME}")
	}
	s.DSN = d.Val()
	if d.NextArg() {
		return d.Err("store mysql: takes one DSN, and has more after it: a DSN with spaces stands in quotes")
	}
	for d.NextBlock(0) {
		option := d.Val()
		var value string
		if !d.AllArgs(&value) {
			return d.Errf("store mysql: %s takes one value", option)
		}
		switch option {
		case "ca":
			s.CA = value
		case "max_connections":
			n, err := strconv.Atoi(value)
			if err != nil || n < fewestConnections {
				return d.Errf("store mysql: max_connections %q: must be a number, %d or more", value, fewestConnections)
			}
			s.MaxConnections = n
		default:
			return d.Errf("store mysql: has no option %q, only ca and max_connections", option)
		}
	}
	return nil
}

// Identity implements Store: who asks, the server and the database.
func (s *MySQL) Identity() string { return "mysql:" + s.place() }

// place is where the database is, without the password.
func (s *MySQL) place() string {
	return s.config.User + "@" + strings.Join(s.cluster.hosts, ",") + "/" + s.config.DBName
}

// Interface guards
var (
	_ Store                 = (*MySQL)(nil)
	_ caddy.Module          = (*MySQL)(nil)
	_ caddy.Provisioner     = (*MySQL)(nil)
	_ caddy.Validator       = (*MySQL)(nil)
	_ caddyfile.Unmarshaler = (*MySQL)(nil)
)
