package main

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Parts take what they share from app.js. It exports what a part takes and
// nothing else, so that what nobody uses is left out of it, and under names of
// one or two letters: they stand in every file.

// part is a file that takes what it shares from app.js.
type part struct {
	name  string // of the file, without .js
	entry string // its source
	page  string // the folder of src/pages that it may look into, or i18n
}

// partsOf are the pages that are loaded when they are opened, and the languages.
func partsOf(src string) ([]part, error) {
	pages, err := os.ReadDir(filepath.Join(src, "pages"))
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, p := range pages {
		name := strings.TrimSuffix(p.Name(), ".tsx")
		if slices.Contains(eager, name) || !p.IsDir() && name == p.Name() {
			continue
		}
		parts = append(parts, part{name, fmt.Sprintf("export {default} from './pages/%s'", name), name})
	}
	for _, lang := range languages {
		parts = append(parts, part{lang, fmt.Sprintf("export {default} from './i18n/%s/index'", lang), "i18n"})
	}
	return parts, nil
}

// takes are the names that a part takes from app.js. exports is all that there
// is to take.
func (p part) takes(root string, exports []string) ([]string, error) {
	files := make(map[string][]byte)
	if err := script(files, root, p.name, p.entry, sharedPlugin(filepath.Join(root, "src"), p.page, nil)); err != nil {
		return nil, err
	}
	used := make(map[string]bool)
	for _, m := range importPattern.FindAllSubmatch(files[p.name+".js"], -1) {
		for one := range strings.SplitSeq(string(m[1]), ",") {
			wanted, _, _ := strings.Cut(strings.TrimSpace(one), " as ")
			if !slices.Contains(exports, wanted) {
				return nil, fmt.Errorf("%s takes %s from app.js, which does not export it: is the name exported by two shared modules?", p.name, wanted)
			}
			used[wanted] = true
		}
	}
	return slices.Sorted(maps.Keys(used)), nil
}

// build bundles a part. names are what app.js calls what it exports; all that
// is named in a bundle's source stays in it, so each part is given its own.
func (p part) build(files map[string][]byte, root string, names map[string]string) error {
	taken, err := p.takes(root, slices.Sorted(maps.Keys(names)))
	if err != nil {
		return err
	}
	names = maps.Clone(names)
	maps.DeleteFunc(names, func(long, _ string) bool { return !slices.Contains(taken, long) })
	return script(files, root, p.name, p.entry, sharedPlugin(filepath.Join(root, "src"), p.page, names))
}

// namesOf finds out what the parts take of all that is shared, and gives each
// of these names the one that app.js exports it by.
func namesOf(root, all string, parts []part) (map[string]string, error) {
	src := filepath.Join(root, "src")
	files := make(map[string][]byte)
	if err := script(files, root, "app", all, sharedPlugin(src, "", nil)); err != nil {
		return nil, err
	}
	exports := exportsOf(files["app.js"])
	taken := make(map[string]bool)
	for _, p := range parts {
		list, err := p.takes(root, exports)
		if err != nil {
			return nil, err
		}
		for _, name := range list {
			taken[name] = true
		}
	}
	names := make(map[string]string, len(taken))
	for i, name := range slices.Sorted(maps.Keys(taken)) {
		names[name] = shortName(i)
	}
	return names, nil
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// shortName is the i-th name of an export: one letter or two. Names of exports
// may be words of the language, such as "do" and "if".
func shortName(i int) string {
	if i < len(letters) {
		return letters[i : i+1]
	}
	i -= len(letters)
	return letters[i/len(letters):][:1] + letters[i%len(letters):][:1]
}

// exporting is the source of app.js: the start, and the exports by their names.
func exporting(names map[string]string) string {
	return "export {" + clause(names, func(long, short string) string { return long + " as " + short }) + "} from 'all'\nimport './main'\n"
}

// clause writes what stands between the braces of an import or export.
func clause(names map[string]string, one func(long, short string) string) string {
	list := make([]string, 0, len(names))
	for _, long := range slices.Sorted(maps.Keys(names)) {
		list = append(list, one(long, names[long]))
	}
	return strings.Join(list, ", ")
}

// allPlugin makes all that is shared the module "all".
func allPlugin(src, all string) api.Plugin {
	return api.Plugin{Name: "all", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: "^all$"}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: "all", Namespace: "all"}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: "^all$", Namespace: "all"}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			return api.OnLoadResult{Contents: &all, ResolveDir: src, Loader: api.LoaderTS}, nil
		})
	}}
}

// sharedPlugin leaves out of a bundle what another file holds. page is the part
// that is being bundled; it is "" for app.js. names are what app.js
// calls what it exports; a part takes them through one module, so that each is
// imported once. nil: each file imports by itself, by the names in the sources.
func sharedPlugin(src, page string, names map[string]string) api.Plugin {
	external := func(name string) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: "./" + name + ".js", External: true}, nil
	}
	app := func() (api.OnResolveResult, error) {
		if names == nil {
			return external("app")
		}
		return api.OnResolveResult{Path: "app", Namespace: "shared"}, nil
	}
	return api.Plugin{Name: "shared", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "shared"}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			text := "export {" + clause(names, func(long, short string) string { return short + " as " + long }) + "} from './app.js'"
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
		})
		b.OnResolve(api.OnResolveOptions{Filter: `.*`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if args.Kind == api.ResolveJSDynamicImport {
				return external(path.Base(args.Path))
			}
			if args.Namespace == "shared" {
				return external("app")
			}
			if page == "" || args.Kind != api.ResolveJSImportStatement {
				return api.OnResolveResult{}, nil
			}
			if slices.Contains(libraries, args.Path) {
				return app()
			}
			rel, err := filepath.Rel(src, filepath.Join(args.ResolveDir, args.Path))
			if err != nil || !strings.HasPrefix(args.Path, ".") {
				return api.OnResolveResult{}, err
			}
			parts := strings.Split(filepath.ToSlash(rel), "/")
			switch {
			case page == "i18n" && parts[0] == "i18n", parts[0] == "pages" && parts[1] == page:
				return api.OnResolveResult{}, nil
			case slices.Contains(shared, parts[0]):
				return app()
			}
			return api.OnResolveResult{}, fmt.Errorf("%s imports %s: a page takes what it shares from %s", page, args.Path, strings.Join(shared, ", "))
		})
	}}
}

var (
	importPattern = regexp.MustCompile(`import\s*\{([^}]*)\}\s*from\s*"\./app\.js"`)
	exportPattern = regexp.MustCompile(`export\s*\{([^}]*)\}`)
)

// exportsOf is the names that a bundle exports.
func exportsOf(text []byte) []string {
	var exports []string
	for _, m := range exportPattern.FindAllSubmatch(text, -1) {
		for name := range strings.SplitSeq(string(m[1]), ",") {
			_, as, renamed := strings.Cut(name, " as ")
			if !renamed {
				as = name
			}
			exports = append(exports, strings.TrimSpace(as))
		}
	}
	return exports
}
