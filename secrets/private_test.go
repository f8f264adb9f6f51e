package secrets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", path, got, want)
	}
}

// TestWritePrivate: an existing file loses what others might do with it, and
// its old text.
func TestWritePrivate(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]fs.FileMode{"open": 0o666, "closed": 0o600, "new": 0} {
		path := filepath.Join(dir, name)
		if mode != 0 {
			if err := os.WriteFile(path, []byte("something longer"), mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		if err := WritePrivate(path, []byte("secret")); err != nil {
			t.Fatal(err)
		}
		wantMode(t, path, 0o600)
		if text, err := os.ReadFile(path); err != nil || string(text) != "secret" {
			t.Errorf("%s holds %q, %v", name, text, err)
		}
	}
	if err := WritePrivate(os.DevNull, []byte("secret")); err != nil {
		t.Errorf("what is no regular file: %v", err)
	}
	if err := WritePrivate(filepath.Join(dir, "none", "x"), nil); err == nil {
		t.Error("a file in no folder is written")
	}
}

// TestReadOrMakeSecret: it is made once, also by several at once, and only its
// owner may read it.
func TestReadOrMakeSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "below", "secret")
	var all sync.WaitGroup
	found := make([]string, 20)
	makers := make([]bool, len(found))
	for i := range found {
		all.Go(func() {
			var err error
			found[i], makers[i], err = ReadOrMakeSecret(path, func() string { return "secret-" + strconv.Itoa(i) })
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	made := 0
	for i := range found {
		if found[i] != found[0] || found[i] == "" {
			t.Errorf("%q and %q", found[i], found[0])
		}
		if makers[i] {
			made++
		}
	}
	if made != 1 {
		t.Errorf("it was made %d times", made)
	}
	wantMode(t, path, 0o600)
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	for _, text := range []string{"", " \n", "a\nb\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if secret, _, err := ReadOrMakeSecret(path, func() string { return "another" }); err == nil {
			t.Errorf("of %q it is %q", text, secret)
		}
	}
	if _, err := ReadSecret(path + "-none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
