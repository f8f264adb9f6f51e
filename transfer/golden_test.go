package transfer_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ccload/ccload/transfer"
)

var update = flag.Bool("update", false, "write the golden files anew")

// database makes an SQLite file of testdata/original.sql.
func database(t testing.TB) string {
	t.Helper()
	script, err := os.ReadFile("testdata/original.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ccload.db")
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: "_journal_mode=WAL"}).String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(script)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// render writes a file for a person to read. Secrets of keys are kept: they are
// to arrive.
func render(t *testing.T, f *transfer.File) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintln(&b, f.Format)
	fmt.Fprintln(&b, "\nnotes")
	for _, n := range f.Notes {
		fmt.Fprintln(&b, "-", n)
	}
	fmt.Fprintln(&b, "\nproblems")
	for _, p := range f.Problems {
		fmt.Fprintf(&b, "- line %d, %q, %s: %s\n", p.Line, p.Name, p.Field, p.Message)
	}
	fmt.Fprintln(&b)
	if err := transfer.WriteJSON(&b, &f.Set); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// tells is everything of a file that people are shown.
func tells(f *transfer.File) string {
	text, _ := json.Marshal(f.Problems)
	return strings.Join(f.Notes, "\n") + string(text)
}

func TestOriginals(t *testing.T) {
	for name, path := range map[string]string{
		"original.csv":       "testdata/original.csv",
		"original-older.csv": "testdata/original-older.csv",
		"original.sql":       database(t),
	} {
		t.Run(name, func(t *testing.T) {
			f, err := transfer.ReadPath(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			got := render(t, f)
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("differs from %s; if that is wanted, run with -update\n%s", golden, got)
			}
			if strings.Contains(tells(f), "SECRET") {
				t.Errorf("a secret is told:\n%s", tells(f))
			}
			// The same from memory, and what came out can be read again.
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			again, err := transfer.Read(t.Context(), "any name", data)
			if err != nil || render(t, again) != got {
				t.Errorf("from memory it is not the same: %v", err)
			}
			var out bytes.Buffer
			if err := transfer.WriteJSON(&out, &f.Set); err != nil {
				t.Fatal(err)
			}
			ours, err := transfer.Read(t.Context(), "ours", out.Bytes())
			if err != nil || len(ours.Problems) > 0 || len(transfer.Diff(&f.Set, &ours.Set)) == 0 {
				t.Fatalf("what was written cannot be read: %v, %+v", err, ours)
			}
			for _, c := range transfer.Diff(&f.Set, &ours.Set) {
				if c.Action != transfer.ActionSame {
					t.Errorf("after a round trip: %+v", c)
				}
			}
		})
	}
}

// TestDamagedDatabases reads databases in which bytes have been changed. They
// are refused or read, whatever the bytes were.
func TestDamagedDatabases(t *testing.T) {
	data, err := os.ReadFile(database(t))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 200 {
		changed := bytes.Clone(data)
		for range 1 + random.IntN(20) {
			changed[16+random.IntN(len(changed)-16)] = byte(random.Uint32())
		}
		f, err := transfer.Read(t.Context(), "x", changed)
		if err != nil {
			refused++
		} else if strings.Contains(tells(f), "sk-SECRET") {
			t.Errorf("a key is told: %s", tells(f))
		}
	}
	if refused == 0 || refused == 200 {
		t.Errorf("%d of 200 were refused", refused)
	}
}
