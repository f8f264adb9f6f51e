package ccload

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"
)

// TestNoHubs keeps the types of both planes from growing into ones that
// everything passes through: a type that has too many methods or fields is
// several.
func TestNoHubs(t *testing.T) {
	const maxMethods, maxFields = 60, 25
	packages := []string{"cluster", "control", "gateway", "relay", "routing"}
	methods, fields := make(map[string]int), make(map[string]int)
	err := walkGo(func(path string) error {
		dir := filepath.ToSlash(filepath.Dir(path))
		if !slices.Contains(packages, dir) {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv != nil {
					methods[dir+"."+receiver(n.Recv.List[0].Type)]++
				}
			case *ast.TypeSpec:
				if s, ok := n.Type.(*ast.StructType); ok {
					for _, field := range s.Fields.List {
						fields[dir+"."+n.Name.Name] += max(1, len(field.Names))
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if methods["gateway.Call"] == 0 || fields["gateway.Call"] == 0 {
		t.Fatal("nothing was counted")
	}
	for name, n := range methods {
		if n > maxMethods {
			t.Errorf("%s has %d methods, at most %d are allowed", name, n, maxMethods)
		}
	}
	for name, n := range fields {
		if n > maxFields {
			t.Errorf("%s has %d fields, at most %d are allowed", name, n, maxFields)
		}
	}
}

// receiver is the name of a method's type.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
