// Package corpus reads recorded provider traffic for tests and replays it
// through a wire format. A small licensed sample lies in each format's
// testdata; CCLOAD_CORPUS names a directory with the whole of it.
package corpus

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// Record is one recorded exchange.
type Record struct {
	ID         string `json:"id"`
	SourceRepo string `json:"source_repo"`
	SourcePath string `json:"source_path"`
	License    string `json:"license"`
	Endpoint   string `json:"endpoint"`
	Vendor     string `json:"vendor"`
	Stream     bool   `json:"stream"`
	Request    struct {
		Method   string            `json:"method"`
		URLPath  string            `json:"url_path"`
		Headers  map[string]string `json:"headers"`
		Body     string            `json:"body"`
		Verbatim bool              `json:"verbatim"`
	} `json:"request"`
	Response struct {
		Status int    `json:"status"`
		Body   string `json:"body"`
	} `json:"response"`
	Usage json.RawMessage `json:"usage"`

	Sample bool `json:"-"` // from testdata
}

// Load returns the sample in testdata/corpus, and the recordings below dir of
// the whole corpus if CCLOAD_CORPUS is set.
func Load(tb testing.TB, dir string) []Record {
	tb.Helper()
	return LoadFrom(tb, ".", dir)
}

// Samples are the recordings in the testdata of a folder.
func Samples(tb testing.TB, folder string) []Record {
	tb.Helper()
	return slices.DeleteFunc(LoadFrom(tb, folder, "."), func(r Record) bool { return !r.Sample })
}

// LoadFrom is Load for the sample of a package in another folder.
func LoadFrom(tb testing.TB, folder, dir string) []Record {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "testdata/corpus/*.json"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no sample in testdata/corpus: %v", err)
	}
	samples := len(files)
	if root := os.Getenv("CCLOAD_CORPUS"); root != "" && dir != "." {
		more, err := filepath.Glob(filepath.Join(root, dir, "*.json"))
		if err != nil || len(more) == 0 {
			tb.Fatalf("CCLOAD_CORPUS has no %s: %v", dir, err)
		}
		files = append(files, more...)
	} else {
		tb.Logf("CCLOAD_CORPUS is not set: only the %d recordings in testdata are replayed", samples)
	}
	records := make([]Record, len(files))
	for i, name := range files {
		text, err := os.ReadFile(name) //nolint:gosec // a test reads what it is told to
		if err != nil {
			tb.Fatal(err)
		}
		if err := json.Unmarshal(text, &records[i]); err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
		records[i].Sample = i < samples
		if r := &records[i]; r.Sample && (r.SourceRepo == "" || r.SourcePath == "" || r.License == "") {
			tb.Errorf("%s does not say where it is from", name)
		}
	}
	return records
}

// Outcome is what a replayed stream amounted to.
type Outcome struct {
	protocol.Verdict
	Committed bool // some event proved the answer
	Ended     bool
	Events    int
	Steps     []protocol.Step
}

// Replay feeds a recorded stream to a judge in chunks of size bytes.
func Replay(f protocol.Format, ep *protocol.Endpoint, body []byte, array bool, size int) (Outcome, error) {
	var splitter sse.Splitter = new(sse.Scanner)
	if array {
		splitter = new(sse.ArrayScanner)
	}
	judge := f.NewJudge(ep)
	var o Outcome
	see := func(ev sse.Event) bool {
		step := judge.Event(ev)
		o.Events++
		o.Steps = append(o.Steps, step)
		o.Committed = o.Committed || step == protocol.Content || step == protocol.Finish
		return true
	}
	for chunk := range slices.Chunk(body, size) {
		if err := splitter.Feed(chunk, see); err != nil {
			return o, err
		}
	}
	splitter.Close(see)
	o.Verdict, o.Ended = judge.Verdict(), judge.Ended()
	return o, nil
}

// Endpoint finds the endpoint of a format whose path fits, whatever the host
// put before it.
func Endpoint(f protocol.Format, path string) *protocol.Endpoint {
	path, _, _ = strings.Cut(path, "?")
	endpoints := f.Endpoints()
	for i := range endpoints {
		ep := &endpoints[i]
		if ep.Path == path {
			return ep
		}
		if _, ok := protocol.PathValue(ep, path); ok {
			return ep
		}
	}
	return nil
}
