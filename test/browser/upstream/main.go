// Command upstream is an AI provider made up for the tests in a browser. It
// prints its address and ends when its standard input does. Which scenario a
// request gets is in the upstream key: see internal/fakeai.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/ccload/ccload/internal/fakeai"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "upstream:", err)
		os.Exit(1)
	}
}

func run() error {
	fake := fakeai.New(fakeai.Options{Listed: []string{
		"claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5", "gpt-5.2", "gpt-5-mini", "gemini-3-flash",
	}})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(fake.Counts()) })
	mux.Handle("/", fake)
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the process
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	fmt.Fprintln(os.Stdout, "http://"+listener.Addr().String())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return server.Close()
}
