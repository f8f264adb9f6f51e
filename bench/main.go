// Command bench measures what the gateway costs, as whole processes, against
// proxies that do less: a reverse_proxy of the same binary, a handler in Caddy
// that only forwards, and a proxy of sixty lines of net/http. docs/performance.md
// tells what came out and how to read it.
//
// It starts everything on loopback, with a made-up upstream in a process of its
// own, and drives the same load through each in turn, round after round in
// alternating order. What counts are the ratios within a round: what the machine
// does besides hurts both. Of each process it takes user and system time, so it
// needs Linux.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	only     *regexp.Regexp
	list     bool
	long     bool
	rounds   int
	rows     int
	gateway  string
	keep     bool
	profiles string
}

const usage = `Bench measures the gateway as users run it: a client token with budgets, rpm and
a concurrency limit, and the request log in SQLite. Everything runs on loopback;
Linux only. Run it from the top of the repository:

  go run ./bench                    all cases, about six minutes
  go run ./bench -run small         the cases whose names match
  go run ./bench -list              what there is
  go run ./bench -long              more and longer rounds, for numbers to publish

It prints two tables: what each process used for each call, and the ratios and
differences that there are goals for, as the median, the least and the most of
rounds. A verdict needs only the median; where least and most are far apart, the
machine was busy, and the case is better run again.

`

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	only := flags.String("run", "", "run only cases whose `name` matches this regular expression")
	flags.BoolVar(&o.list, "list", false, "print the cases and end")
	flags.BoolVar(&o.long, "long", false, "three times as many rounds, twice as long, longer streams: about half an hour")
	flags.IntVar(&o.rounds, "rounds", 0, "`number` of rounds of each case; 0: as the case wants")
	flags.IntVar(&o.rows, "rows", 0, "also measure the growth with a request log of so `many` calls, e.g. 1000000 (half a minute and 1 GB in the temporary folder)")
	flags.StringVar(&o.gateway, "gateway", "", "`file` of the gateway to measure; empty: build ./cmd/caddy")
	flags.BoolVar(&o.keep, "keep", false, "keep configs, logs and databases, and say where")
	flags.StringVar(&o.profiles, "profile", "", "`folder` to write a CPU profile of the gateway to, for each case with load")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag; see -h", flags.Arg(0))
	}
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, fmt.Errorf("-run: %w", err)
	}
	return o, nil
}

// logger tells of progress and trouble. It is not the standard logger, which
// Caddy takes over in every program that it is linked into.
var logger = log.New(os.Stderr, "bench: ", 0)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] { // the roles this program plays for itself
		case "upstream":
			logger.Fatal(serveUpstream(os.Args[2:]))
		case "proxy":
			logger.Fatal(serveProxy(os.Args[2:]))
		}
	}
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(o)
	}
	if err != nil {
		logger.Fatal(err)
	}
}

func run(o options) error {
	var chosen []benchCase
	for _, c := range cases() {
		if o.only.MatchString(c.name) {
			chosen = append(chosen, c)
		}
	}
	if o.list || len(chosen) == 0 {
		for _, c := range cases() {
			fmt.Printf("%-16s %s\n", c.name, c.about)
		}
		if !o.list {
			return errors.New("no case has a name that matches -run; above are all")
		}
		return nil
	}
	if runtime.GOOS != "linux" {
		return errors.New("this runs on Linux only: elsewhere the CPU time of other processes is not to be had as precisely")
	}
	begun := time.Now()
	r, err := newRig(o)
	if err != nil {
		return err
	}
	defer r.close()
	stopOnSignal(r)
	if err := r.start(); err != nil {
		return err
	}
	var failed []error
	for _, c := range chosen {
		logger.Printf("%s …", c.name)
		if err := c.run(r, c.name); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.name, err)) // the others are worth having
		}
	}
	r.report.print(os.Stdout)
	fmt.Printf("\n%.0f s on %s\n", time.Since(begun).Seconds(), machine())
	if r.report.wrong > 0 {
		failed = append(failed, fmt.Errorf("%d answers were wrong, so the numbers mean nothing", r.report.wrong))
	}
	return errors.Join(failed...)
}

// stopOnSignal ends the processes that were started if this one is told to.
func stopOnSignal(r *rig) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-c
		r.close()
		logger.Fatal("interrupted")
	}()
}

// machine names what it ran on.
func machine() string {
	name := "a machine"
	info, _ := os.ReadFile("/proc/cpuinfo")
	if _, rest, ok := strings.Cut(string(info), "model name\t: "); ok {
		name, _, _ = strings.Cut(rest, "\n")
	}
	return fmt.Sprintf("%d cores of %s, %s", runtime.NumCPU(), strings.TrimSpace(name), runtime.Version())
}
