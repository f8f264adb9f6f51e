package ccload

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "github.com/ccload/ccload"

// layers says which packages may import which: only those of a lower layer. A
// package that is not listed is a program or a test's helper and may import
// anything; the root is above all.
var layers = []struct {
	level    float64
	packages []string
}{
	{0, []string{"admin/ui", "ai"}},
	{1, []string{"config", "examples", "internal/callrow", "internal/fakeai", "internal/fastjson", "internal/quantile", "internal/fielddocs", "internal/writetimeout", "secrets", "protocol/sse", "protocol/scan"}},
	{2, []string{"access", "caddyfile", "health", "internal/demo", "pricing", "protocol", "protocol/schema", "provider", "selection", "tokens"}},
	{2.5, []string{"protocol/openaikit"}},
	{3, []string{"admin", "ledger", "protocol/anthropic", "protocol/openai", "protocol/responses", "protocol/gemini", "relay", "store"}},
	{4, []string{"cluster", "metrics", "routing", "transfer"}},
	{5, []string{"command", "gateway"}},
	{6, []string{"control"}},
}

// mayImportCaddy are the packages that know of Caddy.
var mayImportCaddy = []string{"", "config", "caddyfile", "selection", "admin", "store", "command", "internal/writetimeout", "cmd/caddy"}

// withoutHTTP are the packages that are asked without a request.
var withoutHTTP = []string{"routing"}

func levelOf(pkg string) (float64, bool) {
	for _, l := range layers {
		if slices.Contains(l.packages, pkg) {
			return l.level, true
		}
	}
	return 0, false
}

func TestImportsPointDownwards(t *testing.T) {
	seen := 0
	for path, imports := range projectImports(t) {
		pkg := filepath.ToSlash(filepath.Dir(path))
		if pkg == "." {
			pkg = ""
		}
		level, layered := levelOf(pkg)
		seen++
		for _, imp := range imports {
			if sub, ours := strings.CutPrefix(imp, modulePath+"/"); ours && layered {
				below, known := levelOf(sub)
				if !known || below >= level {
					t.Errorf("%s imports %s, which is not below it", path, sub)
				}
			}
			if layered && imp == modulePath {
				t.Errorf("%s imports the root", path)
			}
			if imp == "database/sql" && pkg != "store" {
				t.Errorf("%s imports database/sql; only store may", path)
			}
			if imp == "net/http" && slices.Contains(withoutHTTP, pkg) {
				t.Errorf("%s imports net/http; %v decide and need no request", path, withoutHTTP)
			}
			if strings.HasPrefix(imp, "github.com/caddyserver/caddy/") && layered && !slices.Contains(mayImportCaddy, pkg) {
				t.Errorf("%s imports Caddy; only %v may", path, mayImportCaddy)
			}
		}
	}
	if seen < 30 {
		t.Fatalf("only %d files were looked at", seen)
	}
}

// TestEveryPackageHasADoc keeps the folder list readable as the architecture.
func TestEveryPackageHasADoc(t *testing.T) {
	documented := make(map[string]bool)
	err := walkGo(func(path string) error {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		documented[dir] = documented[dir] || f.Doc != nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment", dir)
		}
	}
}

// TestRootIsSmall keeps the root what it is: Caddy's modules and their wiring.
func TestRootIsSmall(t *testing.T) {
	const maxFiles, maxLines = 8, 1400
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	count, lines := 0, 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		count++
		lines += strings.Count(string(text), "\n")
	}
	if count == 0 || count > maxFiles || lines > maxLines {
		t.Errorf("the root has %d files of %d lines; at most %d and %d are allowed: what does something belongs into a package", count, lines, maxFiles, maxLines)
	}
}

// maxListed is how many methods an interface may list. A larger one is made of
// named parts, so that whoever needs a part can say which.
const maxListed = 8

func TestInterfacesAreMadeOfParts(t *testing.T) {
	err := walkGo(func(path string) error {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if i, ok := spec.Type.(*ast.InterfaceType); ok {
				methods := 0
				for _, m := range i.Methods.List {
					methods += len(m.Names)
				}
				if methods > maxListed {
					t.Errorf("%s: %s lists %d methods; make it of named parts of at most %d", path, spec.Name.Name, methods, maxListed)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// projectImports returns the imports of every non-test file of this module.
func projectImports(t *testing.T) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	err := walkGo(func(path string) error {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all[path] = append(all[path], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// walkGo visits the non-test Go files of this module, not of those below it.
func walkGo(visit func(path string) error) error {
	return filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || isModule(path) || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		return visit(path)
	})
}

func isModule(dir string) bool {
	found, err := filepath.Glob(filepath.Join(dir, "go.mod"))
	return err == nil && len(found) > 0
}
