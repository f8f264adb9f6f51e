// Command bench measures what the gateway costs, as whole processes, against
// two proxies that do less: a plain reverse_proxy of the same Caddy binary,
// without an access log, and a proxy of sixty lines of net/http. Run it with
//
//	make bench
//
// It builds the gateway, starts everything on loopback with a made-up upstream
// in a process of its own, and drives the same load through each in turn,
// round after round, so that what the machine does besides hurts all alike.
// Of each process it takes user and system time from /proc, so it needs
// Linux. The gateway runs with tokens, limits, metering and the request log
// in SQLite switched on.
//
// What counts are the ratios. Absolute numbers are those of the machine.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	short   bool
	only    string
	gateway string
	keep    bool
	profile string
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	if len(os.Args) > 1 {
		switch os.Args[1] { // the roles this program plays for itself
		case "upstream":
			log.Fatal(serveUpstream(os.Args[2:]))
		case "proxy":
			log.Fatal(serveProxy(os.Args[2:]))
		}
	}
	var o options
	flag.BoolVar(&o.short, "short", false, "one round of short cases, under a minute; ratios are rough")
	flag.StringVar(&o.only, "run", "", "only cases whose name matches this regular expression")
	flag.StringVar(&o.gateway, "gateway", "", "gateway binary; default: build ./cmd/caddy")
	flag.BoolVar(&o.keep, "keep", false, "keep configs, logs and database")
	flag.StringVar(&o.profile, "profile", "", "folder for CPU profiles of the gateway, one for each case; taking them costs some time")
	flag.Parse()
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

func run(o options) error {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	dir, err := os.MkdirTemp("", "ccload-bench-")
	if err != nil {
		return err
	}
	if o.keep {
		log.Print("files are in ", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	if o.gateway == "" {
		o.gateway = filepath.Join(dir, "caddy")
		if err := build(o.gateway); err != nil {
			return err
		}
	}
	begun := time.Now()
	b := &bench{dir: dir, binary: o.gateway, short: o.short, profiles: o.profile}
	defer b.stop()
	stopOnSignal(b)
	if err := b.start(); err != nil {
		return err
	}
	bad := 0
	for _, c := range b.cases() {
		if only.MatchString(c.name) {
			bad += b.measure(c)
		}
	}
	b.print(os.Stdout)
	fmt.Printf("\n%.0f s on %s\n", time.Since(begun).Seconds(), machine())
	if bad > 0 {
		return fmt.Errorf("%d answers were wrong", bad)
	}
	return nil
}

// stopOnSignal ends the processes that were started if this one is told to.
func stopOnSignal(b *bench) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-c
		b.stop()
		log.Fatal(errors.New("interrupted"))
	}()
}
