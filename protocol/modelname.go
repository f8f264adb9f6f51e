package protocol

import (
	"regexp"
	"slices"
	"strings"
)

// ModelNamer is a Format whose answers name the model that made them: in a
// member of the answer or event itself, or of the object in its member within,
// "" if there is none such. Only the first is one.
type ModelNamer interface {
	ModelMember() (member, within string)
}

// SameModel reports whether an answer that names the model answered can be of
// the model that was sent: the same name, whatever vendors put around it (who
// made it, dates and revisions, a region, how it was tuned or stored). An alias
// such as gemini-flash-latest may be any model.
func SameModel(sent, answered string) bool {
	if sent == answered || sent == "" || answered == "" {
		return true
	}
	from, to := modelWords(sent), modelWords(answered)
	return slices.Equal(from, to) || slices.Contains(from, "latest") || slices.Contains(from, "auto")
}

var (
	modelDate     = regexp.MustCompile(`[-@.](20\d{6}|20\d\d-\d\d-\d\d)`)
	modelRevision = regexp.MustCompile(`-v\d+(:\d+)?$`) // of Bedrock
)

// namesBeside are words in the names of models that do not tell one from
// another.
var namesBeside = []string{
	"models", "accounts", "publishers", "us", "eu", "apac", "global", "anthropic", "openai", "google", "meta", "mistral", "amazon", "cohere", "deepseek",
	"preview", "exp", "instruct", "it", "chat", "fp8", "maas", "hf", "free", "online",
}

// modelWords are the words of a model's name that tell it from others.
func modelWords(name string) []string {
	name = BareModel(name)
	name = modelDate.ReplaceAllString(name, "")
	name = modelRevision.ReplaceAllString(name, "")
	words := strings.FieldsFunc(name, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	return slices.DeleteFunc(words, func(word string) bool {
		revision := len(word) > 2 && strings.Trim(word, "0123456789") == ""
		return revision || slices.Contains(namesBeside, word)
	})
}

// BareModel is a model's name without its vendor.
func BareModel(model string) string {
	name := strings.ToLower(model)
	return name[strings.LastIndexByte(name, '/')+1:]
}
