package gemini

import (
	"strings"

	"github.com/ccload/ccload/protocol"
)

func readBlob(value []byte, path string, n notes) (*protocol.Media, error) {
	m := new(protocol.Media)
	err := fields(value, path, func(name string, value []byte) (err error) {
		at := below(path, name)
		switch name {
		case "mimeType":
			m.Type, err = readText(value, at)
		case "data":
			if m.Data, err = readText(value, at); err == nil {
				var ok bool
				if m.Data, ok = standardBase64(m.Data); !ok {
					err = protocol.BadRequest(at, "is not base64")
				}
			}
		case "displayName":
			m.Name, err = readText(value, at)
		default:
			n.Keep(unindexed(at))
		}
		return err
	})
	if err == nil && m.Data == "" {
		err = protocol.BadRequest(below(path, "data"), "is missing")
	}
	return m, err
}

// ownFile reports whether a URI is of a file that only Google can read: one
// that was uploaded to it, or one in its cloud's storage.
func ownFile(uri string) bool {
	return strings.HasPrefix(uri, "https://generativelanguage.googleapis.com/") || strings.HasPrefix(uri, "gs://") ||
		!strings.Contains(uri, "://")
}

func readFile(value []byte, path string, n notes) (*protocol.Media, error) {
	m := new(protocol.Media)
	uri := ""
	err := fields(value, path, func(name string, value []byte) (err error) {
		at := below(path, name)
		switch name {
		case "mimeType":
			m.Type, err = readText(value, at)
		case "fileUri":
			uri, err = readText(value, at)
		case "displayName":
			m.Name, err = readText(value, at)
		default:
			n.Keep(unindexed(at))
		}
		return err
	})
	switch {
	case err != nil:
	case uri == "":
		err = protocol.BadRequest(below(path, "fileUri"), "is missing")
	case ownFile(uri):
		m.FileID = uri
		n.Keep(unindexed(below(path, "fileUri")))
	default:
		m.URL = uri
	}
	return m, err
}

// isFilm reports whether a URL is of a film that Gemini watches without being
// told its type.
func isFilm(url string) bool {
	return strings.HasPrefix(url, "https://www.youtube.com/") || strings.HasPrefix(url, "https://youtu.be/") ||
		strings.HasPrefix(url, "https://youtube.com/")
}

// extensions are the types of files that a URL without a type is likely of:
// those that Gemini takes.
var extensions = map[string]string{
	"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "heic": "image/heic", "heif": "image/heif",
	"gif": "image/gif", "pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "html": "text/html", "csv": "text/csv",
	"json": "application/json", "mp3": "audio/mp3", "wav": "audio/wav", "ogg": "audio/ogg", "flac": "audio/flac", "aac": "audio/aac",
	"mp4": "video/mp4", "mpeg": "video/mpeg", "webm": "video/webm", "mov": "video/quicktime",
}

// typeByName guesses a media type by the end of a URL or file name.
func typeByName(name string) string {
	if i := strings.IndexAny(name, "?#"); i >= 0 {
		name = name[:i]
	}
	return extensions[strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])]
}

func kindOf(m *protocol.Media) protocol.PartKind {
	switch {
	case m.Type != "":
		return protocol.MediaKind(m.Type)
	case isFilm(m.URL):
		return protocol.Video
	}
	return protocol.MediaKind(typeByName(m.URL + m.FileID))
}

// standardBase64 is base64 of either alphabet in the standard one, padded.
func standardBase64(s string) (string, bool) {
	n := len(s)
	for n > 0 && s[n-1] == '=' {
		n--
	}
	web := false
	for i := range n {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/':
		case c == '-', c == '_':
			web = true
		default:
			return "", false
		}
	}
	if n%4 == 1 {
		return "", false
	}
	if !web && len(s)%4 == 0 && len(s)-n < 3 {
		return s, true
	}
	s = s[:n]
	if web {
		s = strings.NewReplacer("-", "+", "_", "/").Replace(s)
	}
	return s + "==="[:(4-n%4)%4], true
}
