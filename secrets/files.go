package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// maxFile bounds a file of a secret, in bytes; it is the bound of Caddy's own
// {file.…} placeholder.
const maxFile = 1 << 20

// Times of watching. Writers that do not replace a file at once leave it
// incomplete for a moment, so that what is read counts only if it is the same
// after settleTime. Some file systems keep times of modification in steps of up
// to two seconds, so that a file younger than coarseTime may change without
// showing it, and is read again.
const (
	checkEvery = time.Second
	settleTime = 100 * time.Millisecond
	coarseTime = 2 * time.Second
)

// Files are the contents of files that hold secrets, as they were when they last
// made sense: a file that is away, empty or being written keeps the value it
// had. It is safe for concurrent use.
type Files struct {
	mu    sync.Mutex
	files map[string]*watchedFile
}

// watchedFile is one file, by the path that the config names. A symbolic link on
// the way is followed anew at each look, so that swapping one (as Kubernetes
// does with the volumes of secrets) is a change.
type watchedFile struct {
	users int         // file sets that hold it
	value string      // "" until it made sense once
	info  fs.FileInfo // when value was read, nil before
	fresh bool        // it was too young then to rely on its time
	once  bool        // no regular file: what it gave cannot be read again
	told  string      // the problem that was reported last
}

// FileChange is what a check found of one file.
type FileChange struct {
	Path string
	// Err is why the file is not used, or nil: its new value is.
	Err error
}

// NewFiles returns an empty collection.
func NewFiles() *Files { return &Files{files: make(map[string]*watchedFile)} }

// FileSet is the files that one config uses. It must be closed.
type FileSet struct {
	all  *Files
	mu   sync.Mutex
	used map[string]*watchedFile // nil when closed
}

// NewSet returns an empty set.
func (f *Files) NewSet() *FileSet { return &FileSet{all: f, used: make(map[string]*watchedFile)} }

// Get returns the one line of a file, without the spaces around it, and begins
// to watch it. A file that never made sense is read at each call; its error is
// returned.
func (s *FileSet) Get(path string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	w := s.all.files[path]
	if w == nil {
		w = new(watchedFile)
		if s.used != nil {
			s.all.files[path] = w
		}
	}
	if s.used != nil && s.used[path] == nil {
		s.used[path] = w
		w.users++
	}
	if w.value != "" {
		return w.value, nil
	}
	value, info, err := readWhole(path)
	if err != nil {
		w.told = err.Error()
		return "", err
	}
	w.take(value, info)
	return value, nil
}

// Close forgets the files that no other set uses.
func (s *FileSet) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	for path, w := range s.used {
		if w.users--; w.users == 0 {
			delete(s.all.files, path)
		}
	}
	s.used = nil
}

// Watch looks at the files every second until ctx ends, and hands out what it
// found: new values, and once for each problem why a file is not used.
func (f *Files) Watch(ctx context.Context, found func([]FileChange)) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if changes := f.check(ctx); len(changes) > 0 {
			found(changes)
		}
	}
}

// check looks at all files once.
func (f *Files) check(ctx context.Context) []FileChange {
	suspects := f.suspects()
	if len(suspects) == 0 {
		return nil
	}
	first := make(map[string]string, len(suspects))
	for _, path := range suspects {
		first[path], _, _ = readWhole(path)
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(settleTime):
	}
	var changes []FileChange
	for _, path := range suspects {
		value, info, err := readWhole(path)
		f.mu.Lock()
		if w := f.files[path]; w != nil {
			switch {
			case err != nil:
				if w.told != err.Error() {
					w.told = err.Error()
					changes = append(changes, FileChange{Path: path, Err: err})
				}
			case value == first[path]:
				if w.value != value {
					changes = append(changes, FileChange{Path: path})
				}
				w.take(value, info)
			}
		}
		f.mu.Unlock()
	}
	return changes
}

// suspects are the files that do not look as they did when they were read.
func (f *Files) suspects() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for path, w := range f.files {
		if w.once {
			continue
		}
		info, err := os.Stat(path)
		if err == nil && w.info != nil && !w.fresh && w.told == "" && sameFile(w.info, info) {
			continue
		}
		list = append(list, path)
	}
	return list
}

// take makes a value that was read the one in use.
func (w *watchedFile) take(value string, info fs.FileInfo) {
	w.value, w.info, w.told = value, info, ""
	w.once = !info.Mode().IsRegular()
	w.fresh = time.Since(info.ModTime()) < coarseTime
}

// sameFile reports whether a file was neither written nor replaced.
func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// readWhole reads a file that nobody writes to meanwhile.
func readWhole(path string) (string, fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return "", nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", nil, err
	}
	after, err := os.Stat(path)
	if err != nil {
		return "", nil, err
	}
	value := strings.TrimSpace(string(text))
	switch {
	case len(text) > maxFile:
		return "", nil, fmt.Errorf("%s: is larger than %d bytes", path, maxFile)
	case value == "":
		return "", nil, fmt.Errorf("%s: is empty", path)
	case strings.ContainsAny(value, "\r\n\x00"):
		return "", nil, fmt.Errorf("%s: must hold one secret in one line", path)
	case before.Mode().IsRegular() && !sameFile(before, after):
		return "", nil, fmt.Errorf("%s: %w", path, errBeingWritten)
	}
	return value, after, nil
}

var errBeingWritten = errors.New("is being written")
