//go:build !ccload_noui

package ui

import (
	"embed"
	"io/fs"
)

//go:embed dist
var embedded embed.FS

var dist = func() fs.FS {
	sub, err := fs.Sub(embedded, "dist")
	if err != nil {
		panic(err) // the name stands above
	}
	return sub
}()
