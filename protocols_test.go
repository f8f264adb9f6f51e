package ccload

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
)

// knowProtocols are the packages that are about the wire formats, each by name,
// with those below them.
var knowProtocols = []string{"ai", "protocol", "tokens", "provider"}

// nameProtocols are the other files that name a wire format, and why. Whatever
// else differs from format to format is a method of protocol.Format or of one of
// the interfaces in protocol/optional.go.
var nameProtocols = map[string]string{
	"gateway/routes.go": "the route table",

	// Names of providers and of other programs, which are data.
	"admin/rulestest.go":                 "a channel of some provider, so that it can be checked",
	"pricing/catalogue.go":               "who made the models of a provider",
	"pricing/list.go":                    "names in a public list of prices",
	"pricing/internal/fromfacts/main.go": "names in the catalogue of prices",
	"transfer/":                          "what other programs call their channels",

	// The same words with another meaning.
	"admin/describe.go":  "the responses of an OpenAPI document",
	"config/url.go":      "the last part of an address's path",
	"store/responses.go": "a table",

	"command/demo_traffic.go": "the calls of the demo's clients",

	// Programs and helpers for tests, which play a client or a provider.
	"bench/":           "the calls that are measured",
	"internal/fakeai/": "a provider, which must not share the code that it tests",
	"store/storetest/": "records to store",
}

// TestWireFormatsAreNamedInOnePlace keeps a new wire format one package, one
// constant and one line.
func TestWireFormatsAreNamedInOnePlace(t *testing.T) {
	constants := protocolConstants(t)
	used := make(map[string]bool)
	err := walkGo(func(path string) error {
		path = filepath.ToSlash(path)
		if room, _, _ := strings.Cut(path, "/"); slices.Contains(knowProtocols, room) {
			return nil
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			name := protocolName(n, constants)
			if name == "" {
				return true
			}
			if allowed := allowance(path); allowed != "" {
				used[allowed] = true
			} else {
				t.Errorf("%s names the wire format %s: make what differs a method of the format (protocol/optional.go)", files.Position(n.Pos()), name)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for allowed := range nameProtocols {
		if !used[allowed] {
			t.Errorf("%s names no wire format any more: take it off the list", allowed)
		}
	}
}

// allowance is the entry of nameProtocols that a file falls under, if any.
func allowance(path string) string {
	for allowed := range nameProtocols {
		if path == allowed || strings.HasSuffix(allowed, "/") && strings.HasPrefix(path, allowed) {
			return allowed
		}
	}
	return ""
}

// protocolName is the wire format that a node names, by its constant or its
// name; "" if it names none.
func protocolName(n ast.Node, constants []string) string {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "ai" && slices.Contains(constants, n.Sel.Name) {
			return "ai." + n.Sel.Name
		}
	case *ast.BasicLit:
		if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && slices.Contains(ai.Protocols, ai.Protocol(text)) {
			return n.Value
		}
	}
	return ""
}

// protocolConstants are the names of the constants of type ai.Protocol.
func protocolConstants(t *testing.T) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "ai/protocol.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Protocol" {
			for _, name := range spec.Names {
				names = append(names, name.Name)
			}
		}
		return true
	})
	if len(names) != len(ai.Protocols) {
		t.Fatalf("ai/protocol.go has the constants %v, and the protocols %v", names, ai.Protocols)
	}
	return names
}
