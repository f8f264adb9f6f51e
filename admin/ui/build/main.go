// Command build makes admin/ui/dist, what the dashboard is served from, of the
// sources in admin/ui/src. It is a module of its own, so that nobody who uses
// ccload downloads what builds its pages, and needs neither node nor npm.
//
//	go run -C admin/ui/build .          writes dist
//	go run -C admin/ui/build . -check   fails if dist is not what the sources make
//	go run -C admin/ui/build . -sizes   also prints what each file weighs
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("ui", "..", "folder admin/ui")
	check := flag.Bool("check", false, "write nothing; fail if dist differs")
	sizes := flag.Bool("sizes", false, "print what each file weighs")
	flag.Parse()
	if err := run(*root, *check, *sizes); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(root string, check, sizes bool) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	if err := checkLibraries(filepath.Join(root, "lib")); err != nil {
		return err
	}
	files, err := bundle(root)
	if err != nil {
		return err
	}
	if sizes {
		printSizes(os.Stdout, files)
	}
	dist := filepath.Join(root, "dist")
	if check {
		return compare(dist, files)
	}
	return write(dist, files)
}
