package pricing

import (
	"fmt"
	"strings"
)

// choices is a price that may depend on a word: what an image of a size costs,
// or a search that takes in more or less. It is written as one price, 0.02, or
// as words with theirs, low:5 medium:8 high:12. The first of them is what
// vendors take where nothing was asked for.
type choices []choice

type choice struct {
	word string // empty: whatever the word is
	rate Rate
}

func parseChoices(s string) (choices, error) {
	var list choices
	for field := range strings.FieldsSeq(strings.ToLower(s)) {
		word, price, named := strings.Cut(field, ":")
		if !named {
			word, price = "", field
		}
		rate, err := parseRate(price)
		if err != nil {
			return nil, err
		}
		if named == (word == "") || len(list) > 0 && (word == "" || list[0].word == "") {
			return nil, fmt.Errorf("%q must be one price, or words with their prices, as in low:5 high:12", s)
		}
		list = append(list, choice{word, rate})
	}
	return list, nil
}

// of is the price for a word. A word that begins with a slash, such as /hd, is
// that variant of what vendors do where nothing was asked for.
func (c choices) of(word string) (Rate, bool) {
	if len(c) == 0 {
		return 0, false
	}
	if c[0].word == "" || word == "" {
		return c[0].rate, true
	}
	word = strings.ToLower(word)
	if word[0] == '/' {
		usual, _, _ := strings.Cut(c[0].word, "/")
		word = usual + word
	}
	for i := range c {
		if c[i].word == word {
			return c[i].rate, true
		}
	}
	return 0, false
}
