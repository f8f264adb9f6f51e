package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const versions = "VERSIONS.txt"

// checkLibraries compares the libraries with their list.
func checkLibraries(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, versions))
	if err != nil {
		return err
	}
	listed := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		if sum, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok && !strings.HasPrefix(line, "#") {
			listed[name] = sum
		}
	}
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == versions {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		if listed[name] != hex.EncodeToString(sum[:]) {
			return fmt.Errorf("lib/%s is not the file that lib/%s lists", name, versions)
		}
		delete(listed, name)
		return nil
	})
	if err == nil && len(listed) > 0 {
		err = fmt.Errorf("lib/%s lists %v, which are not there", versions, slices.Sorted(maps.Keys(listed)))
	}
	return err
}

// licenses are those of the libraries in one text.
func licenses(dir string) ([]byte, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*", "LICENSE"))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, f := range found {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s\n\n%s\n\n", filepath.Base(filepath.Dir(f)), bytes.TrimSpace(text))
	}
	return b.Bytes(), nil
}

// write makes dist hold these files and no others.
func write(dist string, files map[string][]byte) error {
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	if err := os.MkdirAll(dist, 0o750); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dist, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// compare says how dist differs from these files.
func compare(dist string, files map[string][]byte) error {
	var different []string
	list, err := os.ReadDir(dist)
	if err != nil {
		return err
	}
	for _, f := range list {
		if _, ok := files[f.Name()]; !ok {
			different = append(different, f.Name()+" (nothing makes it)")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		was, err := os.ReadFile(filepath.Join(dist, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			different = append(different, name+" (missing)")
		case err != nil:
			return err
		case !bytes.Equal(was, files[name]):
			different = append(different, name)
		}
	}
	if different != nil {
		return fmt.Errorf("dist is not what the sources make: %s; run go run -C admin/ui/build . and commit it", strings.Join(different, ", "))
	}
	return nil
}

func gzipped(content []byte) int {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = w.Write(content)
	_ = w.Close()
	return b.Len()
}

func printSizes(w io.Writer, files map[string][]byte) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(w, "%-16s %7d  gzip %6d\n", name, len(files[name]), gzipped(files[name]))
	}
}
