package protocol

import (
	"encoding/base64"
	"strings"

	"github.com/ccload/ccload/protocol/scan"
)

// DataURL is media written as a data URL (RFC 2397).
func (m *Media) DataURL() string {
	kind := m.Type
	if kind == "" {
		kind = "application/octet-stream"
	}
	return "data:" + kind + ";base64," + m.Data
}

// SetURL takes a URL, or what a data URL holds.
func (m *Media) SetURL(url string) {
	rest, isData := strings.CutPrefix(url, "data:")
	head, data, ok := strings.Cut(rest, ",")
	if !isData || !ok {
		m.URL = url
		return
	}
	kind, isBase64 := strings.CutSuffix(head, ";base64")
	if !isBase64 {
		data = base64.StdEncoding.EncodeToString([]byte(data))
	}
	m.Type, m.Data = kind, data
}

// MediaKind is the kind of part that a media type makes.
func MediaKind(mediaType string) PartKind {
	switch head, _, _ := strings.Cut(mediaType, "/"); head {
	case "image":
		return Image
	case "audio":
		return Audio
	case "video":
		return Video
	}
	return Document
}

// ReadLocation reads where a user is, as three of the formats say it.
func ReadLocation(v []byte) *Location {
	get := func(name string) string {
		s, _ := scan.String(Member(v, name))
		return s
	}
	return &Location{City: get("city"), Region: get("region"), Country: get("country"), Timezone: get("timezone")}
}

// Write writes the members that ReadLocation reads.
func (l *Location) Write(w *Writer) {
	w.TextIf("city", l.City)
	w.TextIf("region", l.Region)
	w.TextIf("country", l.Country)
	w.TextIf("timezone", l.Timezone)
}
