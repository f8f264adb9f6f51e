package admin

import (
	"encoding/json"
	"net/http"
	pathpkg "path"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/ccload/ccload/admin/ui"
)

// The dashboard's pages: one document, which the browser fills, and its assets.

// pagePolicy is the Content-Security-Policy of the document. The pages load
// nothing but themselves and make no HTML of text.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// preferenceCookie holds how the pages look: a theme and a language, as in
// "dark.zh". It is written by the pages and is no secret.
const preferenceCookie = "ccload_look"

// document serves the one document of the dashboard.
func (h *Handler) document(w http.ResponseWriter, r *http.Request) {
	assets, ok := ui.Load()
	if !ok {
		h.nothing(w, r)
		return
	}
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok && !strings.HasSuffix(original.URL.Path, "/") {
		// Addresses in the document are relative, so it needs the slash. So is this
		// one: what is before the site, such as handle_path, is not known here.
		target := "./" + pathpkg.Base(original.URL.Path) + "/"
		if original.URL.RawQuery != "" {
			target += "?" + original.URL.RawQuery
		}
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	q := &request{w: w, r: r, op: h.op, base: baseOf(r), route: &route{who: anyone}, log: h.log}
	who := Session{}
	if err := q.identify(); err == nil { //nolint:contextcheck // it takes the request's
		if s, err := session(q); err == nil {
			who, _ = s.(Session)
		}
	}
	text, err := json.Marshal(who)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("Content-Type", "text/html; charset=utf-8")
	page := look(r)
	page.Session = string(text)
	_, _ = w.Write([]byte(assets.Document(page))) //nolint:gosec // what it takes over is known words and escaped
}

// look is how the pages are shown: as chosen, else in the browser's language.
func look(r *http.Request) ui.Page {
	page := ui.Page{Language: "en"}
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "zh") {
		page.Language = "zh"
	}
	if c, err := r.Cookie(preferenceCookie); err == nil {
		theme, language, _ := strings.Cut(c.Value, ".")
		if theme == "light" || theme == "dark" {
			page.Theme = theme
		}
		if language == "en" || language == "zh" {
			page.Language = language
		}
	}
	return page
}

// asset serves a file of the dashboard under an address that never changes what
// it means.
func (h *Handler) asset(w http.ResponseWriter, r *http.Request) {
	assets, ok := ui.Load()
	if !ok || r.PathValue("version") != assets.Version {
		h.nothing(w, r)
		return
	}
	file, ok := assets.File(r.PathValue("name"))
	if !ok {
		h.nothing(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.Type)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	body := file.Body
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		header.Set("Content-Encoding", "gzip")
		body = file.Gzip
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) //nolint:gosec // a file of this program
}

// acceptsGzip reads an Accept-Encoding: gzip is named, and not with a weight of 0.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name := strings.TrimSpace(name); name != "gzip" && name != "*" {
			continue
		}
		q := strings.TrimLeft(strings.TrimPrefix(strings.ReplaceAll(weight, " ", ""), "q="), "0.")
		return strings.TrimSpace(weight) == "" || q != ""
	}
	return false
}
