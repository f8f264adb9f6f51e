package store

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// placeholderFault names a placeholder that has no value only if it stands for
// something outside: braces may also be part of a password.
func placeholderFault(err error) error {
	for _, begin := range []string{"{env.", "{file.", "{system."} {
		if strings.Contains(err.Error(), begin) {
			return err
		}
	}
	return errors.New("it has braces that stand for nothing: write \\{ for a brace, or take the whole DSN from {env.NAME}")
}

const dsnForm = "want user:password@tcp(host:3306)/database"

// parseDSN reads a DSN and adds what this store depends on.
func parseDSN(dsn string) (c *mysql.Config, hosts []string, err error) {
	if dsn == "" {
		return nil, nil, errors.New("is empty: " + dsnForm)
	}
	if dsn, hosts, err = cutHosts(dsn); err != nil {
		return nil, nil, err
	}
	c, err = mysql.ParseDSN(dsn)
	if err != nil {
		// The driver's own words only where they are the same for every DSN.
		if what, fixed := strings.CutPrefix(err.Error(), "invalid DSN: "); fixed {
			return nil, nil, fmt.Errorf("%s: %s", what, dsnForm)
		}
		return nil, nil, errors.New("cannot be read, or has an option that is wrong: " + dsnForm +
			", and options such as ?tls=true as github.com/go-sql-driver/mysql documents them")
	}
	switch {
	case c.User == "":
		return nil, nil, errors.New("names no user: " + dsnForm)
	case c.DBName == "":
		return nil, nil, errors.New("names no database: " + dsnForm)
	}
	c.ParseTime, c.MultiStatements, c.AllowAllFiles, c.ColumnsWithAlias = true, false, false, false
	c.ClientFoundRows = false  // an UPDATE tells how many rows it changed
	c.InterpolateParams = true // one message per statement instead of three
	c.MaxAllowedPacket = 0     // as the server says
	c.Logger = new(mysql.NopLogger)
	if c.Timeout == 0 {
		c.Timeout = mysqlDialTimeout
	}
	if c.ReadTimeout == 0 {
		c.ReadTimeout = mysqlTimeout
	}
	if c.WriteTimeout == 0 {
		c.WriteTimeout = mysqlTimeout
	}
	if hosts == nil {
		hosts = []string{c.Addr}
	}
	return c, hosts, c.Apply(mysql.Charset("utf8mb4", "utf8mb4_bin"))
}

// trust makes connections encrypted, to a server whose certificate one of the
// authorities in a file has signed.
func trust(c *mysql.Config, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return errors.New("holds no certificate in PEM")
	}
	c.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if host, _, err := net.SplitHostPort(c.Addr); err == nil {
		c.TLS.ServerName = host
	}
	return nil
}
