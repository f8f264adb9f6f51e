package control

import (
	"reflect"
	"slices"
	"strings"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/cluster"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/internal/fielddocs"
	"github.com/ccload/ccload/provider"
)

// Catalogue implements admin.Operator. Nothing in it is written down a second
// time: it is made of the modules, the types and their doc comments.
func (s *Service) Catalogue() admin.Catalogue {
	c := admin.Catalogue{
		Version:  cluster.Version(),
		Policies: modulesIn(s.modules, "http.reverse_proxy.selection_policies"), Stores: modulesIn(s.modules, "ccload.stores"),
		Channel: options(reflect.TypeFor[config.Channel]()), Token: options(reflect.TypeFor[config.Token]()),
		Alias: options(reflect.TypeFor[config.Alias]()), Settings: options(reflect.TypeFor[config.Settings]()),
	}
	for _, p := range ai.Protocols {
		c.Protocols = append(c.Protocols, string(p))
	}
	for _, k := range ai.Kinds() {
		c.Outcomes = append(c.Outcomes, k.String())
	}
	for _, scope := range ai.Scopes()[1:] {
		c.Scopes = append(c.Scopes, scope.String())
	}
	for _, p := range provider.All() {
		shown := admin.CatalogueProvider{Name: p.Name, Title: p.Title, Protocols: []string{}, Models: append([]string{}, p.Models...), NeedsURL: p.NeedsURL, URLs: []string{}, KeyPatterns: append([]string{}, p.Keys...)}
		for _, e := range p.Endpoints {
			if !slices.Contains(shown.URLs, e.URL) {
				shown.URLs = append(shown.URLs, e.URL)
			}
		}
		shown.Protocols = append(shown.Protocols, p.ProtocolNames()...)
		c.Providers = append(c.Providers, shown)
	}
	return c
}

// modulesIn lists the modules of ours in a namespace of Caddy's, and of others
// where the namespace is ours.
func modulesIn(modules func(namespace string) []Module, namespace string) []admin.CatalogueModule {
	found := modules(namespace)
	list := make([]admin.CatalogueModule, 0, len(found))
	for _, m := range found {
		list = append(list, admin.CatalogueModule{Name: m.Name, Doc: fielddocs.Of(typeName(m.Type)), Options: options(m.Type)})
	}
	return list
}

// typeName is a type as the docs name it, without the folders of its package.
func typeName(t reflect.Type) string { return t.String() }

// options are the settings that a struct has in JSON.
func options(t reflect.Type) []admin.Option {
	list := []admin.Option{}
	if t.Kind() != reflect.Struct {
		return list
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case name == "" && f.Anonymous && f.Type.Kind() == reflect.Struct:
			list = append(list, options(f.Type)...)
		case name != "":
			list = append(list, admin.Option{Name: name, Type: optionType(f.Type), Doc: fielddocs.Of(typeName(t) + "." + name)})
		}
	}
	return list
}

// durationType is the type of durations in the config.
var durationType = reflect.TypeFor[config.Duration]()

// optionType is a type in words for a form.
func optionType(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == durationType {
		return "duration"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "yes_no"
	case reflect.String:
		return "text"
	case reflect.Slice, reflect.Array:
		if t == reflect.TypeFor[[]byte]() || t.Elem().Kind() == reflect.Uint8 {
			return "object" // JSON of a module
		}
		return "list"
	case reflect.Map:
		return "map"
	case reflect.Struct:
		return "object"
	}
	return "number"
}
