//go:build ccload_noui

package ui

import "io/fs"

// dist is empty.
var dist fs.FS
