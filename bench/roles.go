package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/ccload/ccload/bench/internal/forward"
	"github.com/ccload/ccload/bench/internal/traffic"
)

// serveUpstream is the role of the provider. Its arguments are addresses, one
// for each scenario. It never returns without an error.
func serveUpstream(args []string) error {
	flags := flag.NewFlagSet("upstream", flag.ExitOnError)
	long := flags.Bool("long", false, "longer streams")
	if err := flags.Parse(args); err != nil {
		return err
	}
	scenarios := traffic.Scenarios(*long)
	if flags.NArg() != len(scenarios) {
		return fmt.Errorf("%d addresses for %d scenarios", flags.NArg(), len(scenarios))
	}
	failed := make(chan error)
	for i, s := range scenarios {
		ln, err := net.Listen("tcp", flags.Arg(i))
		if err != nil {
			return err
		}
		go func() { failed <- traffic.Serve(ln, &s) }()
	}
	return <-failed
}

// serveProxy is the role of the least proxy. Its arguments are pairs
// "listen=upstream". It never returns without an error.
func serveProxy(args []string) error {
	failed := make(chan error)
	via := forward.NewTransport()
	for _, pair := range args {
		listen, upstream, _ := strings.Cut(pair, "=")
		s := &http.Server{Addr: listen, Handler: forward.Handler(via, upstream), ReadHeaderTimeout: time.Minute}
		go func() { failed <- s.ListenAndServe() }()
	}
	return <-failed
}
