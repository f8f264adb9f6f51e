// Command generate collects the doc comments of all settings, and of what the
// admin API shows, in the packages that hold some.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// packages are those whose exported structs are settings or are shown by
// the API, from the root of the module.
var packages = []string{"config", "selection", "store", ".", "admin", "control", "ai", "health", "pricing", "access", "tokens"}

func main() {
	text, err := generate("../..")
	if err == nil {
		err = os.WriteFile("docs.json", text, 0o644) //nolint:gosec // as all of the source
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// generate returns docs.json for the source below root.
func generate(root string) ([]byte, error) {
	docs := make(map[string]string)
	for _, dir := range packages {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			collect(docs, f)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	err := e.Encode(docs) // in the order of the names
	return b.Bytes(), err
}

// collect adds the docs of a file's exported structs that have JSON fields.
func collect(docs map[string]string, f *ast.File) {
	for _, decl := range f.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.TYPE {
			continue
		}
		for _, spec := range group.Specs {
			t := spec.(*ast.TypeSpec)
			s, ok := t.Type.(*ast.StructType)
			if !ok || !t.Name.IsExported() {
				continue
			}
			name := f.Name.Name + "." + t.Name.Name
			found := false
			for _, field := range s.Fields.List {
				key := jsonName(field)
				if key == "" {
					continue
				}
				found = true
				doc := text(field.Doc)
				if doc == "" {
					doc = text(field.Comment)
				}
				if doc != "" {
					docs[name+"."+key] = doc
				}
			}
			doc := text(t.Doc)
			if doc == "" {
				doc = text(group.Doc)
			}
			if found && doc != "" {
				docs[name] = doc
			}
		}
	}
}

func jsonName(field *ast.Field) string {
	if field.Tag == nil {
		return ""
	}
	tag, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
	if name == "-" {
		return ""
	}
	return name
}

// text is a comment, each paragraph on one line.
func text(c *ast.CommentGroup) string {
	paragraphs := strings.Split(strings.TrimSpace(c.Text()), "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.Join(strings.Fields(p), " ")
	}
	return strings.Join(paragraphs, "\n")
}
