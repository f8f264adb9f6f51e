package protocol

import (
	"strings"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// Order is what a request asks for of what vendors bill by the piece: their
// answers do not say it.
type Order struct {
	// Characters is the length of a text to be spoken, in code points.
	Characters int64
	// ImageForm is the size and quality of images, as in "1024x1024" or
	// "1024x1024/hd". Empty, and "/hd", leave the size to the vendor.
	ImageForm string
}

// usualQualities are the names of a quality that is no surcharge.
var usualQualities = map[string]bool{"": true, "standard": true}

// ReadOrder finds what a JSON request asks for.
func ReadOrder(op ai.Operation, body []byte, f *Fields) Order {
	switch op {
	case ai.Audio:
		text, _ := scan.String(f.Input.In(body))
		return Order{Characters: int64(utf8.RuneCountInString(text))}
	case ai.Image:
		return imageOrder(member(body, "size"), member(body, "quality"))
	}
	return Order{}
}

func imageOrder(size, quality string) Order {
	if !usualQualities[strings.ToLower(quality)] {
		size += "/" + quality
	}
	const most = 64 // more is no size
	return Order{ImageForm: ai.Shorten(strings.ToLower(size), most)}
}

func member(body []byte, name string) string {
	from, to, ok := scan.Get(body, name)
	if !ok {
		return ""
	}
	text, _ := scan.String(body[from:to])
	return text
}

// billed are the operations whose answers always cost something. Those of
// models that make text are counted here if the provider does not; moderation
// and counting are free.
var billed = map[ai.Operation]bool{ai.Embed: true, ai.Image: true, ai.Audio: true, ai.Rerank: true}

// Complete adds to the usage of an answer what only its request tells. What is
// billed for nobody knows how much is marked as Unmeasured: it is not free.
func (o Order) Complete(op ai.Operation, u *ai.Usage) {
	if !billed[op] {
		return
	}
	if u.Images > 0 && u.ImageForm == "" {
		u.ImageForm = o.ImageForm
	}
	if u.Input+u.Output+u.AudioMillis == 0 {
		u.Characters = o.Characters
	}
	u.Unmeasured = u.Input+u.Output+u.WebSearches+u.Characters+u.Images+u.AudioMillis == 0 && !u.VendorCosted
}
