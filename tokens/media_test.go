package tokens

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
)

func picture(t *testing.T, width, height int, encode func(w io.Writer, m image.Image) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func asJPEG(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) }
func asGIF(w io.Writer, m image.Image) error  { return gif.Encode(w, m, nil) }

func TestDimensions(t *testing.T) {
	webp := "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + "\xdf\x02\x00" + "\x1f\x01\x00\x00\x00"
	for name, data := range map[string]string{
		"png": picture(t, 736, 288, png.Encode), "jpeg": picture(t, 736, 288, asJPEG), "gif": picture(t, 736, 288, asGIF),
		"webp": base64.StdEncoding.EncodeToString([]byte(webp)), "url": base64.URLEncoding.EncodeToString([]byte(webp)),
		"slashes": strings.ReplaceAll(picture(t, 736, 288, asJPEG), "/", `\/`),
	} {
		b := newBlob([]byte(data))
		if w, h := b.dimensions(); w != 736 || h != 288 {
			t.Errorf("%s: %d x %d", name, w, h)
		}
	}
	for _, bad := range []string{"", "x", "iVBORw0KGgo=", "!!!!", strings.Repeat("A", 100), base64.StdEncoding.EncodeToString([]byte("\xff\xd8\xff\xe0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))} {
		b := newBlob([]byte(bad))
		if w, h := b.dimensions(); w != 0 || h != 0 {
			t.Errorf("%q: %d x %d", bad, w, h)
		}
	}
}

func TestPictures(t *testing.T) {
	for _, test := range []struct {
		family        *family
		width, height int
		low           bool
		want          int64
	}{
		{&claude45, 1000, 1000, false, 1333 + claudeFrame},
		{&claude45, 4000, 4000, false, 1600 + claudeFrame},
		{&claude5, 4000, 4000, false, 4784 + claudeFrame},
		{&gpt4o, 1024, 1024, false, 765},
		{&gpt4o, 2048, 4096, false, 1105},
		{&gpt4o, 4096, 8192, true, 85},
		{&gpt5, 512, 512, false, 210},
		{&gpt4omini, 512, 512, false, 8500},
		{&gpt41mini, 32, 32, false, 2},
		{&gemini2, 384, 384, false, 258},
		{&gemini25, 3000, 3000, false, 258},
		{&gemini3, 10, 10, false, 1120},
	} {
		if got := test.family.media.picture(test.family, test.width, test.height, test.low); got != test.want {
			t.Errorf("%s, %d x %d: %d, want %d", test.family.name, test.width, test.height, got, test.want)
		}
	}
}

// TestMediaIsNoText: a megabyte of base64 costs what it shows.
func TestMediaIsNoText(t *testing.T) {
	c := New()
	data := picture(t, 1000, 750, png.Encode)
	data += strings.Repeat("A", 1<<20)
	for p, body := range map[ai.Protocol]string{
		ai.Anthropic: `{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + data + `"}}]}]}`,
		ai.OpenAI:    `{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + data + `"}}]}]}`,
		ai.Responses: `{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,` + data + `"}]}]}`,
		ai.Gemini:    `{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"` + data + `"}}]}]}`,
	} {
		for _, model := range []string{"claude-sonnet-4-5", "gpt-4o", "gemini-2.5-pro"} {
			if n := c.Request(p, model, []byte(body)); n.Exact || n.Tokens < 200 || n.Tokens > 1200 {
				t.Errorf("%s, %s: %+v", p, model, n)
			}
		}
	}
}

func TestPages(t *testing.T) {
	var pdf strings.Builder
	pdf.WriteString("%PDF-1.7\n")
	for i := range 7 {
		fmt.Fprintf(&pdf, "%d 0 obj <</Type /Page /Parent 1 0 R>> endobj %s\n", i, strings.Repeat("x", 37*i))
	}
	pdf.WriteString("1 0 obj <</Type/Pages>> endobj")
	b := newBlob([]byte(base64.StdEncoding.EncodeToString([]byte(pdf.String()))))
	if n := b.pages(); n != 7 {
		t.Errorf("%d pages", n)
	}
	b = newBlob([]byte(base64.StdEncoding.EncodeToString([]byte("%PDF-1.7 <</Type/Pages /Count 12>>"))))
	if n := b.pages(); n != 12 {
		t.Errorf("%d pages by the tree", n)
	}
}

func TestSeconds(t *testing.T) {
	wav := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	wav = binary.LittleEndian.AppendUint32(wav, 16000)
	wav = binary.LittleEndian.AppendUint32(wav, 32000)
	wav = append(wav, make([]byte, 32000*10)...)
	b := newBlob([]byte(base64.StdEncoding.EncodeToString(wav)))
	if n := b.seconds(); n < 10 || n > 11 {
		t.Errorf("%d seconds of WAV", n)
	}
	mp3 := append([]byte{0xff, 0xfb, 0x90, 0}, make([]byte, 16000*5)...) // 128 kbit/s
	b = newBlob([]byte(base64.StdEncoding.EncodeToString(mp3)))
	if n := b.seconds(); n < 5 || n > 6 {
		t.Errorf("%d seconds of MP3", n)
	}
}
