//go:build unix

package secrets

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPipesAreReadOnce: what a pipe gave is gone from it.
func TestPipesAreReadOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	go func() { _ = os.WriteFile(path, []byte("once"), 0) }()
	f := NewFiles()
	one, two := f.NewSet(), f.NewSet()
	for _, set := range []*FileSet{one, two} {
		if got, err := set.Get(path); got != "once" {
			t.Fatal(got, err)
		}
	}
	if found := f.check(t.Context()); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
	one.Close()
	if len(f.files) != 1 {
		t.Error("a file is forgotten that another config uses")
	}
}
