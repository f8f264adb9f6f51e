package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	all, err := sharedEntry(src)
	if err != nil {
		return nil, err
	}
	parts, err := partsOf(src)
	if err != nil {
		return nil, err
	}
	names, err := namesOf(root, all, parts)
	if err != nil {
		return nil, err
	}
	if err := script(files, root, "app", exporting(names), sharedPlugin(src, "", nil), allPlugin(src, all)); err != nil {
		return nil, err
	}
	for _, p := range parts {
		if err := p.build(files, root, names); err != nil {
			return nil, err
		}
	}
	if err := script(files, root, "uplot", "export {default} from 'uplot'"); err != nil {
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

// sharedEntry is the source of all that is shared, and the start.
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

func script(files map[string][]byte, root, name, entry string, plugins ...api.Plugin) error {
	o := options(root)
	o.Stdin = &api.StdinOptions{Contents: entry, ResolveDir: filepath.Join(root, "src"), Sourcefile: name + ".entry.ts", Loader: api.LoaderTS}
	o.Plugins = plugins
	return take(files, name+".js", api.Build(o))
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
