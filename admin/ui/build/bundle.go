package main

import (
	"bytes"
	"errors"
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

// The dashboard is few files with names of their own, so that a page costs few
// requests and a change few lines of diff:
//
//	app.js        what every page shares, the shell and the overview
//	PAGE.js       a folder or file of src/pages, loaded when it is opened
//	en.js, zh.js  the languages, of which one is loaded
//	en-more.js …  texts of the pages that are opened seldom
//	uplot.js      the library of charts, loaded with the first chart
//	app.css       all styles
//
// A page is bundled by itself: what it imports from outside its own folder is
// taken from app.js, which exports everything shared.

// eager are the pages that are part of app.js.
var eager = []string{"overview"}

// languages are the files of texts.
var languages = []string{"en", "en-more", "zh", "zh-more"}

// shared are the folders of src whose modules app.js exports.
var shared = []string{"api", "components", "i18n", "shell"}

// libraries are what app.js exports of them.
var libraries = []string{"preact", "preact/hooks", "preact/jsx-runtime", "@preact/signals"}

// bundle makes the files of dist.
func bundle(root string) (map[string][]byte, error) {
	src := filepath.Join(root, "src")
	files := make(map[string][]byte)
	entry, err := sharedEntry(src)
	if err != nil {
		return nil, err
	}
	if err := script(files, root, "app", entry, sharedPlugin(src, "", nil)); err != nil {
		return nil, err
	}
	exports := exportsOf(files["app.js"])
	pages, err := os.ReadDir(filepath.Join(src, "pages"))
	if err != nil {
		return nil, err
	}
	for _, p := range pages {
		name := strings.TrimSuffix(p.Name(), ".tsx")
		if slices.Contains(eager, name) || !p.IsDir() && name == p.Name() {
			continue
		}
		if err := part(files, root, name, fmt.Sprintf("export {default} from './pages/%s'", name), name, exports); err != nil {
			return nil, err
		}
	}
	for _, lang := range languages {
		if err := part(files, root, lang, fmt.Sprintf("export {default} from './i18n/%s/index'", lang), "i18n", exports); err != nil {
			return nil, err
		}
	}
	if err := script(files, root, "uplot", "export {default} from 'uplot'", nil); err != nil {
		return nil, err
	}
	if err := styles(files, root); err != nil {
		return nil, err
	}
	for _, name := range []string{"index.html", "icon.svg"} {
		if files[name], err = os.ReadFile(filepath.Join(src, name)); err != nil {
			return nil, err
		}
	}
	if files["licenses.txt"], err = licenses(filepath.Join(root, "lib")); err != nil {
		return nil, err
	}
	return files, nil
}

// sharedEntry is the source of app.js: all that is shared, and the start.
func sharedEntry(src string) (string, error) {
	var b strings.Builder
	for _, l := range libraries {
		fmt.Fprintf(&b, "export * from '%s'\n", l)
	}
	for _, dir := range shared {
		list, err := os.ReadDir(filepath.Join(src, dir))
		if err != nil {
			return "", err
		}
		for _, f := range list {
			if name, ok := strings.CutSuffix(strings.TrimSuffix(f.Name(), "x"), ".ts"); ok && !strings.HasSuffix(name, ".d") {
				fmt.Fprintf(&b, "export * from './%s/%s'\n", dir, name)
			}
		}
	}
	b.WriteString("import './main'\n")
	return b.String(), nil
}

// aliases are where the libraries are.
func aliases(root string) map[string]string {
	files := map[string]string{
		"preact":               "preact/dist/preact.mjs",
		"preact/hooks":         "preact/hooks/dist/hooks.mjs",
		"preact/jsx-runtime":   "preact/jsx-runtime/dist/jsxRuntime.mjs",
		"@preact/signals":      "signals/signals.mjs",
		"@preact/signals-core": "signals-core/signals-core.mjs",
		"uplot":                "uplot/uPlot.esm.js",
	}
	for name, file := range files {
		files[name] = filepath.Join(root, "lib", filepath.FromSlash(file))
	}
	return files
}

func options(root string) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir: root, Bundle: true, Write: false, Outdir: root,
		Format: api.FormatESModule, Target: api.ES2022, Platform: api.PlatformBrowser,
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true,
		Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsNone, TreeShaking: api.TreeShakingTrue,
		JSX: api.JSXAutomatic, JSXImportSource: "preact",
		TsconfigRaw: "{}", // the one beside src names the types of the libraries
		Alias:       aliases(root),
		LogLevel:    api.LogLevelSilent,
	}
}

func script(files map[string][]byte, root, name, entry string, plugin *api.Plugin) error {
	o := options(root)
	o.Stdin = &api.StdinOptions{Contents: entry, ResolveDir: filepath.Join(root, "src"), Sourcefile: name + ".entry.ts", Loader: api.LoaderTS}
	if plugin != nil {
		o.Plugins = []api.Plugin{*plugin}
	}
	return take(files, name+".js", api.Build(o))
}

// part bundles what takes something from app.js: once to find out what, and once
// so that each name of it is imported once and no other is. exports is all that
// app.js has.
func part(files map[string][]byte, root, name, entry, page string, exports []string) error {
	src := filepath.Join(root, "src")
	if err := script(files, root, name, entry, sharedPlugin(src, page, nil)); err != nil {
		return err
	}
	used := make(map[string]bool)
	for _, m := range importPattern.FindAllSubmatch(files[name+".js"], -1) {
		for one := range bytes.SplitSeq(m[1], []byte(",")) {
			wanted, _, _ := strings.Cut(strings.TrimSpace(string(one)), " as ")
			if !slices.Contains(exports, wanted) {
				return fmt.Errorf("%s takes %s from app.js, which does not export it: is the name exported by two shared modules?", name, wanted)
			}
			used[wanted] = true
		}
	}
	return script(files, root, name, entry, sharedPlugin(src, page, slices.Sorted(maps.Keys(used))))
}

func styles(files map[string][]byte, root string) error {
	o := options(root)
	o.EntryPoints = []string{filepath.Join(root, "src", "styles", "index.css")}
	return take(files, "app.css", api.Build(o))
}

// take keeps the one file that a build makes.
func take(files map[string][]byte, name string, result api.BuildResult) error {
	messages := slices.Concat(result.Errors, result.Warnings)
	if len(messages) > 0 {
		return errors.New(name + "\n" + strings.Join(api.FormatMessages(messages, api.FormatMessagesOptions{Kind: api.ErrorMessage}), ""))
	}
	if len(result.OutputFiles) != 1 {
		return fmt.Errorf("%s: the build made %d files", name, len(result.OutputFiles))
	}
	files[name] = result.OutputFiles[0].Contents
	return nil
}

// sharedPlugin leaves out of a bundle what another file holds. page is the part
// that is being bundled; it is "" for app.js. names are what it takes from
// app.js, through one module so that each is imported once; nil: each file
// imports by itself.
func sharedPlugin(src, page string, names []string) *api.Plugin {
	external := func(name string) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: "./" + name + ".js", External: true}, nil
	}
	app := func() (api.OnResolveResult, error) {
		if names == nil {
			return external("app")
		}
		return api.OnResolveResult{Path: "app", Namespace: "shared"}, nil
	}
	return &api.Plugin{Name: "shared", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "shared"}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			text := "export {" + strings.Join(names, ", ") + "} from './app.js'"
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
		for name := range bytes.SplitSeq(m[1], []byte(",")) {
			_, as, renamed := strings.Cut(string(name), " as ")
			if !renamed {
				as = string(name)
			}
			exports = append(exports, strings.TrimSpace(as))
		}
	}
	return exports
}
