package transfer

import (
	"encoding/json"
	"slices"
	"strings"
)

// modelsOf sets which models a channel serves and what it calls them.
func (im *importer) modelsOf(o *original, ch *Channel) error {
	list := o.models
	if len(list) == 0 { // a CSV, or a version that had them in the channel's row
		var err error
		if list, err = im.modelsOfRow(o); err != nil {
			return err
		}
	}
	on := slices.DeleteFunc(slices.Clone(list), func(m originalModel) bool { return m.disabled })
	if len(on) < len(list) {
		im.notes.add(ch.Name, noteOffModels)
	}
	if slices.ContainsFunc(list, func(m originalModel) bool { return m.priced }) {
		im.notes.add(ch.Name, notePrices)
	}
	for _, m := range on {
		im.model(ch, m, len(on) == 1)
	}
	if len(ch.Models) == 0 {
		im.notes.add(ch.Name, noteNoModels)
		ch.Disabled = true
	}
	return nil
}

// model adds one model; alone says that it is the only one.
func (im *importer) model(ch *Channel, m originalModel, alone bool) {
	redirected := m.redirect != "" && m.redirect != m.name
	switch {
	case slices.Contains(ch.Models, m.name):
		im.notes.add(ch.Name, noteTwice)
		return
	case strings.Contains(m.name, "*") && redirected && (m.name != "*" || !alone):
		im.notes.add(ch.Name, noteAnyMixed)
		return
	case strings.Contains(m.name, "*") && m.name != "*":
		im.notes.add(ch.Name, notePattern)
	case redirected:
		if ch.ModelNames == nil {
			ch.ModelNames = make(map[string]string)
		}
		ch.ModelNames[m.name] = m.redirect
	}
	ch.Models = append(ch.Models, m.name)
}

// modelsOfRow reads the columns models, a list or JSON, and model_redirects.
func (im *importer) modelsOfRow(o *original) ([]originalModel, error) {
	var names []string
	if text := o.row["models"]; strings.HasPrefix(text, "[") {
		if json.Unmarshal([]byte(text), &names) != nil {
			return nil, wrong(o.row, "models", "is no valid JSON list of names")
		}
	} else {
		names = strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;|\r\n\t", r) })
	}
	var redirects map[string]string
	if text := o.row["model_redirects"]; !blank(text) {
		if json.Unmarshal([]byte(text), &redirects) != nil {
			return nil, wrong(o.row, "model_redirects", "is no valid JSON object of names")
		}
	}
	var list []originalModel
	for _, name := range names {
		if name = strings.TrimSpace(name); name != "" {
			list = append(list, originalModel{name: name, redirect: strings.TrimSpace(redirects[name])})
			delete(redirects, name)
		}
	}
	if len(redirects) > 0 {
		im.notes.add(o.row["name"], noteRedirects)
	}
	return list, nil
}
