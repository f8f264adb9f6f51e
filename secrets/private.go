package secrets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// WritePrivate writes a file that only its owner may read, whatever the mode of
// the file that is there already. What is no regular file, such as a terminal,
// keeps its mode.
func WritePrivate(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600) // emptied only when nobody else can open it
	if err != nil {
		return err
	}
	return errors.Join(writePrivate(f, text), f.Close())
}

func writePrivate(f *os.File, text []byte) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() {
		if err := f.Chmod(0o600); err != nil {
			return fmt.Errorf("it could not be kept from others, so nothing was written: %w", err)
		}
		if err := f.Truncate(0); err != nil {
			return err
		}
	}
	_, err = f.Write(text)
	return err
}

// ReadSecret reads the secret that a file holds in one line. The error is
// fs.ErrNotExist where there is no such file.
func ReadSecret(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%s: must hold one secret in one line: put it back, or remove the file and another is made", path)
	}
	return secret, nil
}

// ReadOrMakeSecret reads the secret of a file, or makes the file, readable by
// its owner only, with a new one. Of several processes that do so at once all
// find the same secret.
func ReadOrMakeSecret(path string, newSecret func() string) (secret string, made bool, err error) {
	secret, err = ReadSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, false, err
	}
	secret = newSecret()
	err = place(path, secret+"\n", func(from, to string) error { return os.Link(from, to) })
	if errors.Is(err, fs.ErrExist) { // somebody was faster
		secret, err = ReadSecret(path)
		return secret, false, err
	}
	return secret, err == nil, err
}

// place puts text into a new file, readable by its owner only, that put then
// brings to its path.
func place(path, text string, put func(from, to string) error) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already if it was renamed
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return put(f.Name(), path)
}
