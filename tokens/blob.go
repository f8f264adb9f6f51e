package tokens

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
)

// blob is base64 text of which only the bytes that are asked for are decoded:
// a picture's size stands in its header.
type blob struct {
	text []byte
	url  bool // the alphabet of URLs
	out  [3 * 256]byte
}

// newBlob takes the inside of a JSON string, with or without a data URL's
// head.
func newBlob(inside []byte) *blob {
	if rest, ok := bytes.CutPrefix(inside, []byte("data:")); ok {
		comma := bytes.IndexByte(rest[:min(len(rest), 256)], ',')
		if comma < 0 {
			return &blob{}
		}
		inside = rest[comma+1:]
	}
	if bytes.IndexByte(inside[:min(len(inside), 4096)], '\\') >= 0 {
		// Some encoders write every slash as \/; a header needs not many.
		const most = 256 << 10
		inside = bytes.ReplaceAll(inside[:min(len(inside), most)], []byte(`\`), nil)
	}
	start := inside[:min(len(inside), 4096)]
	return &blob{text: inside, url: bytes.IndexByte(start, '-') >= 0 || bytes.IndexByte(start, '_') >= 0}
}

// size is how many bytes the blob has, decoded.
func (b *blob) size() int { return len(b.text) / 4 * 3 }

// at decodes up to n bytes from off on; n is at most 256. It returns fewer at
// the end and nothing where the text is not base64.
func (b *blob) at(off, n int) []byte {
	if off < 0 {
		return nil
	}
	from := off / 3 * 4
	if from >= len(b.text) {
		return nil
	}
	part := b.text[from:min(from+(n+5)/3*4+4, len(b.text))]
	part = bytes.TrimRight(part, "=")
	enc := base64.RawStdEncoding
	if b.url {
		enc = base64.RawURLEncoding
	}
	if len(part)%4 == 1 {
		part = part[:len(part)-1]
	}
	k, err := enc.Decode(b.out[:], part)
	if err != nil || k <= off%3 {
		return nil
	}
	got := b.out[off%3 : k]
	return got[:min(n, len(got))]
}

// dimensions are the picture's width and height in pixels, 0 if they are not
// to be found. The formats are those all providers take: PNG, JPEG, GIF, WebP.
func (b *blob) dimensions() (width, height int) {
	h := b.at(0, 32)
	switch {
	case len(h) < 24:
		return 0, 0
	case bytes.HasPrefix(h, []byte("\x89PNG\r\n\x1a\n")):
		return int(binary.BigEndian.Uint32(h[16:]) & 0xfffff), int(binary.BigEndian.Uint32(h[20:]) & 0xfffff)
	case bytes.HasPrefix(h, []byte("GIF8")):
		return int(binary.LittleEndian.Uint16(h[6:])), int(binary.LittleEndian.Uint16(h[8:]))
	case bytes.HasPrefix(h, []byte("RIFF")) && string(h[8:12]) == "WEBP" && len(h) >= 30:
		return webp(h)
	case h[0] == 0xff && h[1] == 0xd8:
		return b.jpeg()
	}
	return 0, 0
}

func webp(h []byte) (width, height int) {
	le24 := func(p []byte) int { return int(p[0]) | int(p[1])<<8 | int(p[2])<<16 }
	switch string(h[12:16]) {
	case "VP8X":
		return le24(h[24:]) + 1, le24(h[27:]) + 1
	case "VP8L":
		n := binary.LittleEndian.Uint32(h[21:])
		return int(n&0x3fff) + 1, int(n>>14&0x3fff) + 1
	case "VP8 ":
		return int(binary.LittleEndian.Uint16(h[26:]) & 0x3fff), int(binary.LittleEndian.Uint16(h[28:]) & 0x3fff)
	}
	return 0, 0
}

// jpeg hops from marker to marker until one says the size.
func (b *blob) jpeg() (width, height int) {
	at := 2
	for range 64 {
		m := b.at(at, 10)
		if len(m) < 9 || m[0] != 0xff {
			return 0, 0
		}
		switch kind := m[1]; {
		case kind == 0xff: // padding
			at++
			continue
		case kind >= 0xc0 && kind <= 0xcf && kind != 0xc4 && kind != 0xc8 && kind != 0xcc:
			return int(binary.BigEndian.Uint16(m[7:])), int(binary.BigEndian.Uint16(m[5:]))
		}
		at += 2 + int(binary.BigEndian.Uint16(m[2:]))
	}
	return 0, 0
}

// pdfScan is how many bytes of a PDF are looked at for its pages.
const pdfScan = 1 << 20

// pages is how many pages a PDF has, at least 1: by its page objects, or by
// the page tree's count where those are compressed, or else by its size.
func (b *blob) pages() int64 {
	whole := b.size()
	n, count, carry := 0, 0, 0
	var window [1024]byte
	for off := 0; off < min(whole, pdfScan); off += 255 {
		part := b.at(off, 255)
		if len(part) == 0 {
			break
		}
		k := carry + copy(window[carry:], part)
		text := window[:k]
		n += pageObjects(text, carry)
		count = max(count, pageCount(text))
		carry = copy(window[:], text[max(0, k-24):])
	}
	if whole > pdfScan {
		n = int(int64(n) * int64(whole) / pdfScan)
	}
	if n = max(n, count); n == 0 {
		n = whole / pdfPageBytes
	}
	return int64(min(max(n, 1), 3000))
}

// pdfPageBytes is what a page takes in a PDF that does not tell its pages.
const pdfPageBytes = 60 << 10

// pageObjects counts "/Type /Page" that end behind the first seen bytes.
func pageObjects(text []byte, seen int) int {
	n, at := 0, 0
	for {
		i := bytes.Index(text[at:], []byte("/Type"))
		if i < 0 {
			return n
		}
		at += i + 5
		rest := bytes.TrimLeft(text[at:], " \r\n")
		end := len(text) - len(rest) + 6
		if bytes.HasPrefix(rest, []byte("/Page")) && len(rest) > 5 && rest[5] != 's' && end > seen {
			n++
		}
	}
}

// pageCount is the largest "/Count n" in text.
func pageCount(text []byte) int {
	most := 0
	for {
		i := bytes.Index(text, []byte("/Count "))
		if i < 0 {
			return most
		}
		text = text[i+7:]
		n := 0
		for _, c := range text {
			if c < '0' || c > '9' || n > 10000 {
				break
			}
			n = n*10 + int(c-'0')
		}
		if n <= 10000 {
			most = max(most, n)
		}
	}
}

// bitrates of MPEG-1 layer III, in kilobits per second.
var bitrates = [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}

// assumedRate is that of audio whose header says nothing: 64 kbit/s, in bytes.
const assumedRate = 8000

// seconds is how long audio plays: by the rate in the header of WAV and MP3,
// by its size for all others.
func (b *blob) seconds() int64 {
	rate := assumedRate
	h := b.at(0, 44)
	switch {
	case len(h) >= 32 && bytes.HasPrefix(h, []byte("RIFF")) && string(h[8:12]) == "WAVE":
		if r := int(binary.LittleEndian.Uint32(h[28:]) & 0xffffff); r >= 1000 {
			rate = r
		}
	case len(h) >= 10 && bytes.HasPrefix(h, []byte("ID3")):
		tag := int(h[6])<<21 | int(h[7])<<14 | int(h[8])<<7 | int(h[9])
		rate = mp3Rate(b.at(10+tag, 4))
	default:
		rate = mp3Rate(h)
	}
	return int64(b.size()/rate) + 1
}

func mp3Rate(h []byte) int {
	if len(h) >= 4 && h[0] == 0xff && h[1]&0xfe == 0xfa {
		if kbit := bitrates[h[2]>>4]; kbit > 0 {
			return kbit * 125
		}
	}
	return assumedRate
}
