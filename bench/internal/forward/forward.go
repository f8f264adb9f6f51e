// Package forward is the least a Go proxy can be: net/http on both sides and a
// copy with a flush per read in between. It reads the request first, as whoever
// wants to try again must.
package forward

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// NewTransport keeps enough connections for any load here.
func NewTransport() *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: 1024, IdleConnTimeout: time.Minute, DisableCompression: true}
}

var (
	bodies      = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	copyBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}
)

// Handler forwards everything to an upstream, a host and port.
func Handler(via http.RoundTripper, upstream string) http.HandlerFunc {
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
