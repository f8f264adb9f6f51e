package secrets

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestFilesAreWatched: what a file holds is used once it is whole, and what is
// not whole leaves what was there.
func TestFilesAreWatched(t *testing.T) {
	replace := func(t *testing.T, path, text string) {
		t.Helper()
		if err := errors.Join(os.WriteFile(path+".new", []byte(text), 0o600), os.Rename(path+".new", path)); err != nil {
			t.Fatal(err)
		}
	}
	write := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, path string)
		value  string
		bad    bool // it is told of
	}{
		"left alone":             {func(*testing.T, string) {}, "old", false},
		"written again":          {func(t *testing.T, p string) { write(t, p, "old\n") }, "old", false},
		"written over":           {func(t *testing.T, p string) { write(t, p, "new key\n") }, "new key", false},
		"of the same length":     {func(t *testing.T, p string) { write(t, p, "new\n") }, "new", false},
		"replaced":               {func(t *testing.T, p string) { replace(t, p, "new\r\n") }, "new", false},
		"as old as before":       {func(t *testing.T, p string) { replace(t, p, "new\n"); _ = os.Chtimes(p, long(), long()) }, "new", false},
		"emptied":                {func(t *testing.T, p string) { write(t, p, "") }, "old", true},
		"of spaces":              {func(t *testing.T, p string) { write(t, p, " \n\n") }, "old", true},
		"of two lines":           {func(t *testing.T, p string) { write(t, p, "new\nnewer\n") }, "old", true},
		"too large":              {func(t *testing.T, p string) { write(t, p, string(make([]byte, maxFile+1))) }, "old", true},
		"removed":                {func(_ *testing.T, p string) { _ = os.Remove(p) }, "old", true},
		"a folder":               {func(_ *testing.T, p string) { _ = os.Remove(p); _ = os.Mkdir(p, 0o700) }, "old", true},
		"a link to another file": {func(t *testing.T, p string) { _ = os.Remove(p); write(t, p+"2", "new"); _ = os.Symlink(p+"2", p) }, "new", false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			write(t, path, "old\n")
			if err := os.Chtimes(path, long(), long()); err != nil {
				t.Fatal(err)
			}
			f := NewFiles()
			set := f.NewSet()
			defer set.Close()
			if got, err := set.Get(path); got != "old" || err != nil {
				t.Fatal(got, err)
			}
			c.change(t, path)
			changes := f.check(t.Context())
			if got, _ := set.Get(path); got != c.value {
				t.Errorf("got %q, want %q", got, c.value)
			}
			if want := c.bad || c.value != "old"; (len(changes) == 1) != want || want && (changes[0].Err != nil) != c.bad {
				t.Errorf("found %+v", changes)
			}
			if again := f.check(t.Context()); len(again) > 0 {
				t.Errorf("told twice: %+v", again)
			}
			_ = os.Remove(path)
			write(t, path, "newest")
			f.check(t.Context())
			if got, _ := set.Get(path); got != "newest" {
				t.Errorf("got %q after it was put right", got)
			}
		})
	}
}

// long is a time that no file system is too coarse to tell from now.
func long() time.Time { return time.Now().Add(-time.Hour) }

// TestHalfWrittenFile: a file that is written while it is looked at counts at
// the next look.
func TestHalfWrittenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	put := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	put("old")
	synctest.Test(t, func(t *testing.T) {
		f := NewFiles()
		set := f.NewSet()
		if got, err := set.Get(path); got != "old" {
			t.Fatal(got, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var all []FileChange
		go f.Watch(ctx, func(c []FileChange) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, c...)
		})
		seen := func() []FileChange {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(all)
		}
		put("sk-the-first-ha")
		time.Sleep(checkEvery + settleTime/2)
		put("sk-the-first-half-and-the-second")
		time.Sleep(settleTime)
		found := seen()
		if got, _ := set.Get(path); got != "old" || len(found) > 0 {
			t.Errorf("half a file counts: %q, %+v", got, found)
		}
		time.Sleep(checkEvery)
		found = seen()
		if got, _ := set.Get(path); got != "sk-the-first-half-and-the-second" || len(found) != 1 || found[0].Err != nil {
			t.Errorf("the whole file does not count: %q, %+v", got, found)
		}
		set.Close()
		put("another")
		time.Sleep(2 * checkEvery)
		cancel()
		found = seen()
		if len(found) != 1 || len(f.files) > 0 {
			t.Errorf("a file that nobody uses is watched: %+v", found)
		}
	})
}

// TestMountedSecrets: Kubernetes swaps the folder behind the links that a volume
// of secrets consists of.
func TestMountedSecrets(t *testing.T) {
	dir := t.TempDir()
	link := func(version string) {
		t.Helper()
		folder := filepath.Join(dir, "..v"+version)
		if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(filepath.Join(folder, "key"), []byte("key-"+version), 0o600),
			os.Chtimes(filepath.Join(folder, "key"), long(), long()),
			os.Symlink(folder, filepath.Join(dir, "..data_tmp")), os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data"))); err != nil {
			t.Fatal(err)
		}
	}
	link("1")
	path := filepath.Join(dir, "key")
	if err := os.Symlink("..data/key", path); err != nil {
		t.Fatal(err)
	}
	f := NewFiles()
	set := f.NewSet()
	defer set.Close()
	for _, version := range []string{"1", "2"} {
		if version == "2" {
			link(version)
			if changes := f.check(t.Context()); len(changes) != 1 {
				t.Errorf("found %+v", changes)
			}
		}
		if got, err := set.Get(path); got != "key-"+version {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

// TestFileThatComesLater: a file that was not there is used when it is.
func TestFileThatComesLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	f := NewFiles()
	set := f.NewSet()
	defer set.Close()
	if got, err := set.Get(path); got != "" || !errors.Is(err, os.ErrNotExist) {
		t.Fatal(got, err)
	}
	if found := f.check(t.Context()); len(found) > 0 {
		t.Errorf("told again: %+v", found)
	}
	if err := os.WriteFile(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := f.check(t.Context()); len(found) != 1 || found[0].Err != nil {
		t.Errorf("found %+v", found)
	}
}
