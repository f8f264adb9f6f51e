package main

import (
	"debug/buildinfo"
	"encoding/json"
	"net/url"
	"os"
	"strings"
)

// writeSBOM writes what a binary is made of, as it says itself, in the form of
// CycloneDX 1.5 (cyclonedx.org/docs/1.5/json). It has neither the time nor a
// number of its own, so that the same binary gives the same file.
func writeSBOM(binary, to, version string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	type property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	type component struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref,omitempty"` //nolint:tagliatelle // as CycloneDX writes it
		Name       string     `json:"name"`
		Version    string     `json:"version"`
		PURL       string     `json:"purl,omitempty"`
		Properties []property `json:"properties,omitempty"`
	}
	module := func(kind, path, version, sum string) component {
		c := component{Type: kind, Name: path, Version: version, PURL: "pkg:golang/" + strings.ReplaceAll(url.PathEscape(path), "%2F", "/") + "@" + url.QueryEscape(version)}
		c.Ref = c.PURL
		if sum != "" {
			c.Properties = []property{{"go:sum", sum}}
		}
		return c
	}
	list := []component{module("library", "std", strings.TrimPrefix(info.GoVersion, "go"), "")}
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		list = append(list, module("library", d.Path, d.Version, d.Sum))
	}
	text, err := json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"metadata":   map[string]any{"component": module("application", info.Main.Path, version, "")},
		"components": list,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(to, append(text, '\n'), 0o644) //nolint:gosec // for everybody
}
