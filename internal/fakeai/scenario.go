package fakeai

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ScenarioHeader carries a scenario that is for one request only.
const ScenarioHeader = "X-Fakeai"

// scenarioPrefix marks an upstream key that is a scenario.
const scenarioPrefix = "mk-"

// words are the words of a scenario that are neither statuses, problems nor
// faults, and end in no number.
var words = map[string]func(*Behaviour){
	"ok":         func(*Behaviour) {},
	"err200big":  func(b *Behaviour) { b.Fault, b.ErrorSize = Soft, 2<<10 },
	"err200huge": func(b *Behaviour) { b.Fault, b.ErrorSize = Soft, maxSoftError },
	"wrongtype":  func(b *Behaviour) { b.ContentType = "application/octet-stream" },
	"big":        func(b *Behaviour) { b.Big = true },
	"gzip":       func(b *Behaviour) { b.Encoding = "gzip" },
	"br":         func(b *Behaviour) { b.Encoding = "br" },
	"zstd":       func(b *Behaviour) { b.Encoding = "zstd" },
	"deflate":    func(b *Behaviour) { b.Encoding = "deflate" },
	"comments":   func(b *Behaviour) { b.Comments = true },
	"crlf":       func(b *Behaviour) { b.CRLF = true },
	"noevent":    func(b *Behaviour) { b.NoEvent = true },
	"think":      func(b *Behaviour) { b.Think = true },
	"signed":     func(b *Behaviour) { b.Signed = true },
	"calls1":     func(b *Behaviour) { b.Calls = 1 },
	"calls2":     func(b *Behaviour) { b.Calls = 2 },
}

// faultWords are the faults that can be asked for by name.
var faultWords = func() map[string]Fault {
	m := make(map[string]Fault)
	for _, f := range []Fault{
		Soft, SoftText, EventFirst, EventStart, EventMid, Drop, Reset, Cut, CutByReset, ResetAtEnd, Hang, HangHeaders,
		Silent, Stall, NoEnd, NoEndMarker, StaysOpen, Broken, BrokenFirst, HTML, Empty, Hollow, OnlyPings, Half,
		WholeJSON, InvalidUTF8, Refused,
	} {
		m[string(f)] = f
	}
	return m
}()

// numberWords are the words that end in a number.
var numberWords = map[string]func(b *Behaviour, n float64){
	"t":   func(b *Behaviour, n float64) { b.FirstByte = millis(n) },
	"l":   func(b *Behaviour, n float64) { b.FirstContent = millis(n) },
	"g":   func(b *Behaviour, n float64) { b.Gap = millis(n) },
	"n":   func(b *Behaviour, n float64) { b.Events = int(n) },
	"e":   func(b *Behaviour, n float64) { b.EventSize = int(n) },
	"s":   func(b *Behaviour, n float64) { b.Size = int(n) },
	"ra":  func(b *Behaviour, n float64) { b.RetryAfter = 1000 * millis(n) },
	"rd":  func(b *Behaviour, n float64) { b.RetryAfter, b.RetryDate = 1000*millis(n), true },
	"rem": func(b *Behaviour, n float64) { b.Remaining = int(n) + 1 },
	"res": func(b *Behaviour, n float64) { b.ResetIn = 1000 * millis(n) },
	"f":   func(b *Behaviour, n float64) { b.First = int(n) },
	"p":   func(b *Behaviour, n float64) { b.Percent = int(n) },
}

func millis(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

// Parse reads a scenario. The prefix "mk-" may be left out.
func Parse(scenario string) (Behaviour, error) {
	var b Behaviour
	text := strings.TrimPrefix(scenario, scenarioPrefix)
	if text == "" {
		return b, nil
	}
	for word := range strings.SplitSeq(text, "-") {
		if !b.read(word) {
			return b, fmt.Errorf("scenario %q: %q is not understood", scenario, word)
		}
	}
	if b.Fault == None && b.Problem != "" {
		b.Fault = Error
	}
	return b, nil
}

// Must is Parse for scenarios that are written by hand: it panics where Parse
// fails.
func Must(scenario string) Behaviour {
	b, err := Parse(scenario)
	if err != nil {
		panic("fakeai: " + err.Error())
	}
	return b
}

// read takes one word in, and reports whether it is one.
func (b *Behaviour) read(word string) bool {
	if fault, ok := faultWords[word]; ok {
		b.Fault = fault
		return true
	}
	if set, ok := words[word]; ok {
		set(b)
		return true
	}
	if _, ok := problems[Problem(word)]; ok {
		b.Problem = Problem(word)
		return true
	}
	if status, err := strconv.Atoi(word); err == nil {
		b.Status, b.Problem = status, problemOf(status)
		return status >= 400 && status < 600
	}
	if strings.HasPrefix(word, "u") {
		return true
	}
	i := strings.IndexAny(word, "0123456789")
	if i < 1 {
		return false
	}
	set, ok := numberWords[word[:i]]
	n, err := strconv.ParseFloat(word[i:], 64)
	if !ok || err != nil {
		return false
	}
	set(b, n)
	return true
}

// scenarioOf is the scenario a request asks for by its header or key.
func scenarioOf(r *Request) string {
	if text := r.Header.Get(ScenarioHeader); text != "" {
		return text
	}
	if strings.HasPrefix(r.Key, scenarioPrefix) {
		return r.Key
	}
	return ""
}
