package tokens

import (
	"bytes"
	"strings"
)

// Media are counted by the formulas that the providers publish, from what their
// headers say, and never as text. What cannot be looked at, a URL or the id of
// an uploaded file, counts as a picture or document of common size.
const (
	defaultWidth  = 1024 // of a picture that cannot be looked at, in pixels
	defaultHeight = 1024
	defaultPages  = 3  // of a document that cannot be looked at
	defaultAudio  = 20 // of a recording that cannot be looked at, in seconds
)

// mediaRules are how a family counts media.
type mediaRules struct {
	picture func(f *family, width, height int, low bool) int64
	page    int64 // tokens per page of a PDF
	second  int64 // tokens per second of audio
	frame   int64 // tokens per second of video, its sound included
}

// Rules by who publishes them.
var (
	// A page of a PDF is 1,500 to 3,000 tokens, its text and a picture of the page
	// (Anthropic, "PDF support"); recorded pages of little text had 1,570 to
	// 2,660. Audio is not taken.
	claudeMedia = mediaRules{picture: claudePicture, page: 1700, second: 10, frame: 300}
	// Pages are given as their text and a picture (OpenAI, "File inputs"); recorded
	// ones had about 750 tokens. A
	// second of audio is 10 tokens (OpenAI, "Managing costs" of the Realtime API:
	// 1 token per 100 ms of the user's audio).
	openaiMedia = mediaRules{picture: openaiPicture, page: 750, second: 10, frame: 300}
	// 258 per page, 32 per second of audio, 263 per second of video plus its
	// sound (Google, "Understand and count tokens").
	geminiMedia = mediaRules{picture: geminiPicture, page: 258, second: 32, frame: 295}
	// Gemini 2.5 is documented to tile as well, but recorded pictures of any size
	// had 258.
	gemini25Media = mediaRules{picture: gemini25Picture, page: 258, second: 32, frame: 295}
	// Gemini 3: 1,120 per picture, 560 per page, 70 per frame at the default
	// resolution (Google, "Media resolution").
	gemini3Media = mediaRules{picture: gemini3Picture, page: 560, second: 32, frame: 102}
)

// claudePicture is width × height / 750, after scaling down to an edge of
// 1,568 pixels and about 1,600 tokens (Anthropic, "Vision"); families that see
// better have both limits raised.
func claudePicture(f *family, width, height int, _ bool) int64 {
	edge, most := 1568.0, int64(1600)
	if f.sharp {
		edge, most = 2576, 4784
	}
	w, h := float64(width), float64(height)
	if long := max(w, h); long > edge {
		w, h = w*edge/long, h*edge/long
	}
	return min(most, int64(w*h/750+0.5)) + claudeFrame
}

// claudeFrame is what recorded pictures cost beyond the formula, in tokens.
const claudeFrame = 6

// openaiPicture is one of two formulas (OpenAI, "Images and vision", "Calculating
// costs"). Tiles: fit into 2,048 pixels, then scale the shorter side down to
// 768; a base and a price per tile of 512; low detail is the base alone.
// Patches: of 32 pixels, scaled down to 1,536 of them, times a factor of the
// model.
func openaiPicture(f *family, width, height int, low bool) int64 {
	w, h := float64(width), float64(height)
	if f.patch > 0 {
		const most = 1536
		n := ceilDiv(width, 32) * ceilDiv(height, 32)
		return int64(float64(min(n, most))*f.patch + 0.999)
	}
	base, tile := f.imageBase, f.imageTile
	if base == 0 {
		base, tile = 85, 170
	}
	if low {
		return base
	}
	if long := max(w, h); long > 2048 {
		w, h = w*2048/long, h*2048/long
	}
	if short := min(w, h); short > 768 {
		w, h = w*768/short, h*768/short
	}
	return base + tile*int64(ceilDiv(int(w+0.5), 512)*ceilDiv(int(h+0.5), 512))
}

func ceilDiv(a, b int) int { return (max(a, 1) + b - 1) / b }

// geminiPicture is 258 if both sides are at most 384 pixels, else 258 for each
// tile and, by recordings, for the whole; a tile is two thirds of the shorter side, between 256 and 768 (Google,
// "Understand and count tokens", "Image understanding").
func geminiPicture(_ *family, width, height int, _ bool) int64 {
	if width <= 384 && height <= 384 {
		return 258
	}
	tile := min(max(min(width, height)*2/3, 256), 768)
	return 258 * int64(1+ceilDiv(width, tile)*ceilDiv(height, tile))
}

func gemini25Picture(*family, int, int, bool) int64 { return 258 }

func gemini3Picture(*family, int, int, bool) int64 { return 1120 }

// image counts a picture: Anthropic's source, or OpenAI's part with image_url,
// which is a URL or an object with one.
func (w *walk) image(v []byte) {
	w.unsure = true
	data := member(v, "data")
	low := word(member(v, "detail")) == "low"
	if u := member(v, "image_url"); isString(u) {
		data = u
	} else if isObject(u) {
		data = member(u, "url")
		low = low || word(member(u, "detail")) == "low"
	}
	w.picture(data, low)
}

// picture counts a picture given as a JSON string: base64, a data URL, or a
// URL.
func (w *walk) picture(data []byte, low bool) {
	width, height := 0, 0
	w.referred(data)
	if isString(data) {
		b := newBlob(data[1 : len(data)-1])
		width, height = b.dimensions()
	}
	if width == 0 || height == 0 {
		width, height = defaultWidth, defaultHeight
	}
	w.fixed += w.family.media.picture(w.family, width, height, low)
}

// document counts a file: Anthropic's source, or OpenAI's part.
func (w *walk) document(v []byte) {
	w.unsure = true
	data := member(v, "data")
	if f := member(v, "file"); isObject(f) {
		data = member(f, "file_data")
	} else if d := member(v, "file_data"); d != nil {
		data = d
	}
	pages := int64(defaultPages)
	w.referred(data)
	if isString(data) {
		b := newBlob(data[1 : len(data)-1])
		pages = b.pages()
	}
	w.fixed += pages * w.family.media.page
}

// audio counts OpenAI's part with sound.
func (w *walk) audio(part []byte) {
	w.unsure = true
	seconds := int64(defaultAudio)
	data := member(part, "input_audio", "data")
	w.referred(data)
	if isString(data) {
		b := newBlob(data[1 : len(data)-1])
		seconds = b.seconds()
	}
	w.fixed += seconds * w.family.media.second
}

// videoRate is what a second of video takes, in bytes: 1 Mbit/s.
const videoRate = 125_000

// blob counts Gemini's inlineData or fileData.
func (w *walk) blob(v []byte) {
	w.unsure = true
	kind := word(member(v, "mimeType"))
	if kind == "" {
		kind = word(member(v, "mime_type"))
	}
	data := member(v, "data")
	w.referred(data)
	var b *blob
	if isString(data) {
		b = newBlob(data[1 : len(data)-1])
	}
	m := w.family.media
	switch {
	case strings.HasPrefix(kind, "audio/"):
		seconds := int64(defaultAudio)
		if b != nil {
			seconds = b.seconds()
		}
		w.fixed += seconds * m.second
	case strings.HasPrefix(kind, "video/"):
		seconds := int64(defaultAudio)
		if b != nil {
			seconds = int64(b.size()/videoRate) + 1
		}
		w.fixed += seconds * m.frame
	case kind == "application/pdf":
		w.document(v)
	case strings.HasPrefix(kind, "text/"):
		if b != nil {
			w.fixed += int64(b.size()) / 4
		}
	default:
		w.picture(data, false)
	}
}

// referred notes media that are not in the request, but behind a URL or the id
// of a file.
func (w *walk) referred(data []byte) {
	w.unbounded = w.unbounded || !isString(data) || bytes.HasPrefix(data, []byte(`"http`))
}
