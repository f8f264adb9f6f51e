package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"
	"sync"
)

// Assets are the dashboard's files. They do not change while the process lives.
type Assets struct {
	// Version is a hash of all of them. It stands in their addresses, so that
	// browsers may keep them for ever.
	Version string

	index string
	files map[string]*Asset
}

// Asset is one file.
type Asset struct {
	Type string // Content-Type
	Body []byte
	Gzip []byte // the same, compressed
}

// Load returns the dashboard's files, and false if this build has none. They
// are compressed at the first call.
func Load() (*Assets, bool) {
	assets := load()
	return assets, assets != nil
}

var load = sync.OnceValue(func() *Assets {
	if dist == nil {
		return nil
	}
	a := &Assets{files: make(map[string]*Asset)}
	sum := sha256.New()
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(dist, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(body), body)
		if name == "index.html" {
			a.index = string(body)
			return nil
		}
		a.files[name] = &Asset{Type: mime.TypeByExtension(path.Ext(name)), Body: body, Gzip: compress(body)}
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("reading the dashboard's files, which are part of this program: %v", err))
	}
	a.Version = hex.EncodeToString(sum.Sum(nil))[:16]
	return a
})

func compress(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is known
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

// File returns one file.
func (a *Assets) File(name string) (*Asset, bool) {
	f, ok := a.files[name]
	return f, ok
}

// Page is what the first document of the dashboard says of who opens it, so
// that its first frame is right and costs no further question.
type Page struct {
	Language string // en or zh
	Theme    string // light, dark, or "" for the system's
	Session  string // who is logged in, as JSON
}

// Document returns the first document.
func (a *Assets) Document(p Page) string {
	return strings.NewReplacer(
		"{{language}}", escape.Replace(p.Language),
		"{{theme}}", escape.Replace(p.Theme),
		"{{session}}", escape.Replace(p.Session),
		"{{assets}}", "assets/"+a.Version,
	).Replace(a.index)
}

// escape makes a text safe between the quotes of an attribute.
var escape = strings.NewReplacer("&", "&amp;", `"`, "&#34;", "<", "&lt;", ">", "&gt;")
