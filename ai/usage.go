package ai

import (
	"cmp"
	"slices"
)

// Usage is what the provider says it billed for, in tokens unless said
// otherwise. Input includes every input token, cached ones too, whatever the
// wire format counts; see the protocol packages for the conversions.
type Usage struct {
	Input        int64  `json:"input"`                    // all input, cached and cache-writing included
	CachedInput  int64  `json:"cached_input,omitempty"`   // part of Input read from a prompt cache
	CacheWrite   int64  `json:"cache_write,omitempty"`    // part of Input written to a prompt cache, any lifetime; some vendors bill tokens as read and as written
	CacheWrite1h int64  `json:"cache_write_1h,omitempty"` // part of CacheWrite with a lifetime of one hour
	Output       int64  `json:"output"`                   // all output, reasoning included
	Reasoning    int64  `json:"reasoning,omitempty"`      // part of Output spent on reasoning
	AudioInput   int64  `json:"audio_input,omitempty"`    // part of Input that was audio
	ImageInput   int64  `json:"image_input,omitempty"`    // part of Input that was images or documents
	CachedAudio  int64  `json:"cached_audio,omitempty"`   // part of both CachedInput and AudioInput
	CachedImage  int64  `json:"cached_image,omitempty"`   // part of both CachedInput and ImageInput
	AudioOutput  int64  `json:"audio_output,omitempty"`   // part of Output that is audio
	ImageOutput  int64  `json:"image_output,omitempty"`   // part of Output that is images
	WebSearches  int64  `json:"web_searches,omitempty"`   // searches the provider ran itself, each with a fee
	SearchSize   string `json:"search_size,omitempty"`    // how much a search took in, where the fee depends on it: "low", "medium", "high"
	Characters   int64  `json:"characters,omitempty"`     // of a text that was spoken, where no tokens were counted
	Images       int64  `json:"images,omitempty"`         // images that were made
	ImageForm    string `json:"image_form,omitempty"`     // size and quality that were asked for, as in "1024x1024" or "1024x1024/hd"; empty: what the vendor does by itself
	AudioMillis  int64  `json:"audio_ms,omitempty"`       // length of a recording in milliseconds, where the provider says it
	ServiceTier  string `json:"service_tier,omitempty"`   // tier the provider says it used; "fast" for Anthropic's fast mode
	Region       string `json:"region,omitempty"`         // where it was served, as the provider or the channel says, if that has a price: "us"
	Reported     bool   `json:"reported"`                 // the provider sent usage at all
	Unmeasured   bool   `json:"unmeasured,omitempty"`     // it is billed, and neither the request nor the answer says for how much
	Estimated    bool   `json:"estimated,omitempty"`      // some of the numbers were counted here, because the provider sent none
	Doubtful     bool   `json:"doubtful,omitempty"`       // numbers contradicted each other, and were cut to what can be

	// VendorCost is the price the vendor itself named in its answer, if
	// VendorCosted: what a gateway or reseller takes from the account.
	VendorCost   Money `json:"vendor_usd,omitempty"`
	VendorCosted bool  `json:"vendor_costed,omitempty"` // the answer says what it cost

	// Beside is what other models used for this answer and are billed for: an
	// advisor, an image tool. It is not part of the numbers above.
	Beside []ModelUsage `json:"beside,omitempty"`
}

// ModelUsage is the usage of one model.
type ModelUsage struct {
	Model string `json:"model"` // its name
	Usage Usage  `json:"usage"` // what it used
}

// IsZero reports whether nothing at all is known.
func (u *Usage) IsZero() bool { return u.Equal(&Usage{}) }

// Equal reports whether two usages say the same.
func (u *Usage) Equal(v *Usage) bool {
	if len(u.Beside) != len(v.Beside) {
		return false
	}
	return u.Input == v.Input && u.CachedInput == v.CachedInput &&
		u.CacheWrite == v.CacheWrite && u.CacheWrite1h == v.CacheWrite1h &&
		u.Output == v.Output && u.Reasoning == v.Reasoning &&
		u.AudioInput == v.AudioInput && u.ImageInput == v.ImageInput &&
		u.CachedAudio == v.CachedAudio && u.CachedImage == v.CachedImage &&
		u.AudioOutput == v.AudioOutput && u.ImageOutput == v.ImageOutput &&
		u.WebSearches == v.WebSearches && u.SearchSize == v.SearchSize &&
		u.Characters == v.Characters && u.Images == v.Images && u.ImageForm == v.ImageForm && u.AudioMillis == v.AudioMillis &&
		u.ServiceTier == v.ServiceTier && u.Region == v.Region &&
		u.Reported == v.Reported && u.Unmeasured == v.Unmeasured && u.Estimated == v.Estimated && u.Doubtful == v.Doubtful &&
		u.VendorCost == v.VendorCost && u.VendorCosted == v.VendorCosted &&
		slices.EqualFunc(u.Beside, v.Beside, func(a, b ModelUsage) bool {
			return a.Model == b.Model && a.Usage.Equal(&b.Usage)
		})
}

// Add adds what another attempt used. Of what is no number, the later one that
// says something counts; what was reported of one only is reported in part, and
// marked as estimated where the other's was.
func (u *Usage) Add(v *Usage) {
	u.Input += v.Input
	u.CachedInput += v.CachedInput
	u.CacheWrite += v.CacheWrite
	u.CacheWrite1h += v.CacheWrite1h
	u.Output += v.Output
	u.Reasoning += v.Reasoning
	u.AudioInput += v.AudioInput
	u.ImageInput += v.ImageInput
	u.CachedAudio += v.CachedAudio
	u.CachedImage += v.CachedImage
	u.AudioOutput += v.AudioOutput
	u.ImageOutput += v.ImageOutput
	u.WebSearches += v.WebSearches
	u.Characters += v.Characters
	u.Images += v.Images
	u.AudioMillis += v.AudioMillis
	u.VendorCost += v.VendorCost
	u.SearchSize = cmp.Or(v.SearchSize, u.SearchSize)
	u.ImageForm = cmp.Or(v.ImageForm, u.ImageForm)
	u.ServiceTier = cmp.Or(v.ServiceTier, u.ServiceTier)
	u.Region = cmp.Or(v.Region, u.Region)
	u.Reported = u.Reported || v.Reported
	u.Unmeasured = u.Unmeasured || v.Unmeasured
	u.Estimated = u.Estimated || v.Estimated
	u.Doubtful = u.Doubtful || v.Doubtful
	u.VendorCosted = u.VendorCosted || v.VendorCosted
	u.Beside = append(u.Beside[:len(u.Beside):len(u.Beside)], v.Beside...)
}

// Bound keeps every part within its whole, or a price could go below zero.
//
// The one rule for numbers that contradict each other: the whole is believed,
// and a part that is larger is cut to it, in the order of the fields; two parts
// that exclude each other share the whole, the earlier one first. What had to be
// cut makes the usage doubtful. Tokens may be read from a cache and be written
// to it in the same call, so these two parts do not exclude each other.
func (u *Usage) Bound() {
	whole := func(n *int64) {
		if *n < 0 {
			*n, u.Doubtful = 0, true
		}
	}
	part := func(n *int64, whole int64) {
		if *n > whole {
			*n, u.Doubtful = whole, true
		} else if *n < 0 {
			*n, u.Doubtful = 0, true
		}
	}
	whole(&u.Input)
	whole(&u.Output)
	whole(&u.WebSearches)
	whole(&u.Characters)
	whole(&u.Images)
	whole(&u.AudioMillis)
	part(&u.CachedInput, u.Input)
	part(&u.CacheWrite, u.Input)
	part(&u.CacheWrite1h, u.CacheWrite)
	part(&u.AudioInput, u.Input)
	part(&u.ImageInput, u.Input-u.AudioInput)
	part(&u.CachedAudio, min(u.CachedInput, u.AudioInput))
	part(&u.CachedImage, min(u.CachedInput-u.CachedAudio, u.ImageInput))
	part(&u.Reasoning, u.Output)
	part(&u.AudioOutput, u.Output)
	part(&u.ImageOutput, u.Output-u.AudioOutput)
}
