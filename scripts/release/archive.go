package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// entry is a file of an archive.
type entry struct {
	name, from string
	mode       fs.FileMode
}

// writeTar writes a compressed archive that depends on nothing but its
// contents.
func writeTar(to, folder string, entries []entry, moment time.Time) error {
	return create(to, func(w io.Writer) error {
		packed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		t := tar.NewWriter(packed)
		for _, e := range entries {
			data, err := os.ReadFile(e.from)
			if err != nil {
				return err
			}
			header := &tar.Header{Name: path.Join(folder, e.name), Mode: int64(e.mode), Size: int64(len(data)), ModTime: moment, Format: tar.FormatUSTAR}
			if err := t.WriteHeader(header); err != nil {
				return err
			}
			if _, err := t.Write(data); err != nil {
				return err
			}
		}
		return errors.Join(t.Close(), packed.Close())
	})
}

func writeZip(to, folder string, entries []entry, moment time.Time) error {
	return create(to, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, e := range entries {
			data, err := os.ReadFile(e.from)
			if err != nil {
				return err
			}
			header := &zip.FileHeader{Name: path.Join(folder, e.name), Method: zip.Deflate, Modified: moment}
			header.SetMode(e.mode)
			file, err := z.CreateHeader(header)
			if err != nil {
				return err
			}
			if _, err := file.Write(data); err != nil {
				return err
			}
		}
		return z.Close()
	})
}

func create(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
