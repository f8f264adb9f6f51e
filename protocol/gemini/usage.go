package gemini

import (
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// counts are the numbers of usageMetadata.
type counts struct {
	prompt, toolPrompt, cached    int64
	candidates, thoughts, total   int64
	audioIn, imageIn              int64
	cachedAudio, cachedImage      int64
	searches                      int64
	toolAudioIn, toolImageIn      int64
	audioOut, imageOut            int64
	tier, traffic                 string
	reported, candidatesWereGiven bool
	odd                           bool // a number was none

	last []byte // the latest usageMetadata, not yet read
}

// note keeps a usageMetadata object for later: every event of a stream carries
// one, and the numbers are cumulative. One that is shorter than the one before
// may lack something that was said there, so that is read first.
func (c *counts) note(raw []byte) {
	if len(raw) < len(c.last) {
		c.read(c.last)
	}
	c.last = append(c.last[:0], raw...)
}

// read takes over what a usageMetadata object says. The numbers of a stream
// are cumulative, so the last one that is given is right.
func (c *counts) read(raw []byte) {
	next := *c
	if scan.Members(raw, func(key []byte, start, end int) bool {
		value := raw[start:end]
		switch string(key) {
		case "promptTokenCount":
			next.number(&next.prompt, value)
		case "toolUsePromptTokenCount":
			next.number(&next.toolPrompt, value)
		case "cachedContentTokenCount":
			next.number(&next.cached, value)
		case "candidatesTokenCount":
			next.number(&next.candidates, value)
			next.candidatesWereGiven = true
		case "thoughtsTokenCount":
			next.number(&next.thoughts, value)
		case "totalTokenCount":
			next.number(&next.total, value)
		case "promptTokensDetails":
			next.audioIn, next.imageIn = modalities(value)
		case "toolUsePromptTokensDetails":
			next.toolAudioIn, next.toolImageIn = modalities(value)
		case "cacheTokensDetails":
			next.cachedAudio, next.cachedImage = modalities(value)
		case "candidatesTokensDetails":
			next.audioOut, next.imageOut = modalities(value)
		case "serviceTier":
			next.tier, _ = scan.String(value)
		case "trafficType":
			next.traffic, _ = scan.String(value)
		}
		return true
	}) == nil {
		*c = next
	}
}

func (c *counts) number(to *int64, value []byte) {
	if n, ok := scan.Int(value); ok && n >= 0 && n < 1<<40 {
		*to = n
		c.reported = true
	} else if string(value) != "null" {
		c.odd = true
	}
}

// modalities adds up what of a token count is audio, and what is pictures:
// images, documents and video.
func modalities(details []byte) (audio, image int64) {
	_ = scan.Elements(details, func(start, end int) bool {
		one := details[start:end]
		from, to, ok := scan.Get(one, "tokenCount")
		if !ok {
			return true
		}
		n, _ := scan.Int(one[from:to])
		if n < 0 || n >= 1<<40 {
			return true
		}
		from, to, _ = scan.Get(one, "modality")
		switch string(one[from:to]) {
		case `"AUDIO"`, "4":
			audio += n
		case `"IMAGE"`, `"DOCUMENT"`, `"VIDEO"`, "2", "3", "5":
			image += n
		}
		return true
	})
	return audio, image
}

// catchUp reads what was kept for later.
func (c *counts) catchUp() {
	if len(c.last) > 0 {
		c.read(c.last)
		c.last = c.last[:0]
	}
}

// output is what the model made, thoughts included, which are counted apart
// from the candidates. Where the candidates' count is missing, it is what the
// total leaves.
func (c *counts) output() int64 {
	c.catchUp()
	if !c.candidatesWereGiven {
		return max(c.thoughts, c.total-c.prompt-c.toolPrompt, 0)
	}
	return c.candidates + c.thoughts
}

// usage converts to the gateway's terms.
func (c *counts) usage() ai.Usage {
	c.catchUp()
	u := ai.Usage{
		Input:       c.prompt + c.toolPrompt,
		CachedInput: min(c.cached, c.prompt), // of the prompt; what tools brought is not cached
		AudioInput:  c.audioIn + c.toolAudioIn,
		ImageInput:  c.imageIn + c.toolImageIn,
		CachedAudio: c.cachedAudio,
		CachedImage: c.cachedImage,
		Output:      c.output(),
		Reasoning:   c.thoughts,
		AudioOutput: c.audioOut,
		ImageOutput: c.imageOut,
		WebSearches: c.searches,
		ServiceTier: c.tier,
		Reported:    c.reported,
		Doubtful:    c.odd || c.cached > c.prompt,
	}
	u.Bound()
	if u.ServiceTier == "" && c.traffic != "ON_DEMAND" { // Vertex
		u.ServiceTier = strings.ToLower(c.traffic)
	}
	return u
}
