package secrets

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ReadFile reads the keys of a file, one in a line, the one that seals first.
// Lines that are empty or begin with # are left out. The error is
// fs.ErrNotExist where there is no such file.
func ReadFile(path string) ([][]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var keys [][]byte
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := ParseKey(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: holds no encryption key: put it back from a backup, or remove the file if nothing was stored yet", path)
	}
	return keys, nil
}

// ReadOrMake reads the keys of a file, or makes it with a new one. Of several
// processes that do so at once all find the same key.
func ReadOrMake(path string) (keys [][]byte, made bool, err error) {
	keys, err = ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, false, err
	}
	key := NewKey()
	if err := write(path, [][]byte{key}, func(from, to string) error { return os.Link(from, to) }); err != nil {
		if errors.Is(err, fs.ErrExist) { // somebody was faster
			keys, err = ReadFile(path)
			return keys, false, err
		}
		return nil, false, err
	}
	return [][]byte{key}, true, nil
}

// WriteFile replaces the keys of a file, all of them at once.
func WriteFile(path string, keys [][]byte) error { return write(path, keys, os.Rename) }

// write puts the keys into a new file, readable by its owner only, that put
// then brings to its path.
func write(path string, keys [][]byte, put func(from, to string) error) error {
	var text strings.Builder
	text.WriteString("# ccload's encryption key. Without it the keys of stored channels cannot be read: back it up, apart from the database.\n")
	for _, key := range keys {
		text.WriteString(hex.EncodeToString(key) + "\n")
	}
	return place(path, text.String(), put)
}
