package main

import (
	"bytes"
	"flag"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// serveProxy is the role of the least a Go proxy can be: net/http on both
// sides and a copy with a flush per read in between. It reads the request
// first, as whoever wants to try again must. Its arguments are pairs
// "listen=upstream". It never returns without an error.
func serveProxy(args []string) error {
	flags := flag.NewFlagSet("proxy", flag.ExitOnError)
	if err := flags.Parse(args); err != nil {
		return err
	}
	failed := make(chan error)
	via := &http.Transport{MaxIdleConnsPerHost: 1024, IdleConnTimeout: time.Minute, DisableCompression: true}
	for _, pair := range flags.Args() {
		listen, upstream, _ := strings.Cut(pair, "=")
		s := &http.Server{Addr: listen, Handler: forward(via, upstream), ReadHeaderTimeout: time.Minute}
		go func() { failed <- s.ListenAndServe() }()
	}
	return <-failed
}

var (
	bodies      = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	copyBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}
)

func forward(via http.RoundTripper, upstream string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body := bodies.Get().(*bytes.Buffer)
		defer bodies.Put(body) // the upstream has answered by then, so it has read it
		body.Reset()
		if _, err := body.ReadFrom(r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		out := (&http.Request{
			Method: r.Method, URL: &url.URL{Scheme: "http", Host: upstream, Path: r.URL.Path, RawQuery: r.URL.RawQuery},
			Header: r.Header, Body: io.NopCloser(bytes.NewReader(body.Bytes())), ContentLength: int64(body.Len()),
		}).WithContext(r.Context())
		res, err := via.RoundTrip(out)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		for name, values := range res.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(res.StatusCode)
		buf := copyBuffers.Get().(*[32 << 10]byte)
		defer copyBuffers.Put(buf)
		for {
			n, err := res.Body.Read(buf[:])
			if n > 0 {
				if _, err := w.Write(buf[:n]); err != nil {
					return
				}
				if res.ContentLength < 0 {
					_ = http.NewResponseController(w).Flush()
				}
			}
			switch err {
			case nil:
			case io.EOF:
				return
			default:
				panic(http.ErrAbortHandler)
			}
		}
	}
}
