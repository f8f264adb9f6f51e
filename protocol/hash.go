package protocol

import (
	"encoding/binary"
	"math/bits"
	"net/http"

	"github.com/ccload/ccload/protocol/scan"
)

// hashLimit is how many bytes of one part of a request go into its hash. A
// prompt cache is decided by how a prompt begins, and a 200 KB body must stay
// cheap.
const hashLimit = 64 << 10

// Hash is a hash that is the same on every machine and after every restart, so
// that nodes agree on where a conversation belongs. It is fast, not
// cryptographic. The zero value is ready.
type Hash struct{ state uint64 }

// Odd constants with an even mix of bits, taken from the digits of pi.
const (
	hashA = 0x243f6a8885a308d3
	hashB = 0x13198a2e03707345
	hashC = 0xa4093822299f31d1
)

// Add mixes in the length of b and its first 64 KB.
func (h *Hash) Add(b []byte) {
	s := fold(h.state^hashA, uint64(len(b))^hashB)
	b = b[:min(len(b), hashLimit)]
	for ; len(b) >= 16; b = b[16:] {
		s = fold(binary.LittleEndian.Uint64(b)^hashC, binary.LittleEndian.Uint64(b[8:])^s)
	}
	if len(b) > 0 {
		var tail [16]byte
		copy(tail[:], b)
		s = fold(binary.LittleEndian.Uint64(tail[:])^hashC, binary.LittleEndian.Uint64(tail[8:])^s)
	}
	h.state = s
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// Sum is the hash of all that was added; never 0, which means no conversation.
func (h *Hash) Sum() uint64 {
	s := fold(h.state^hashB, hashA)
	if s == 0 {
		return hashC
	}
	return s
}

// AddContent mixes in what a message says, without what changes between the
// turns of one conversation: cache marks wander from message to message, and
// some clients number their messages anew. raw is a message's content in any
// format: a string, a list of blocks, or an object.
func (h *Hash) AddContent(raw []byte) {
	left := hashLimit
	h.addContent(raw, 0, &left)
}

func (h *Hash) addContent(raw []byte, depth int, left *int) {
	if *left <= 0 {
		return
	}
	if len(raw) == 0 || depth > 4 || raw[0] != '[' && raw[0] != '{' {
		raw = raw[:min(len(raw), *left)]
		h.Add(raw)
		*left -= len(raw) + 1
		return
	}
	if raw[0] == '[' {
		scan.FindElement(raw, func(start, end int) bool {
			h.addContent(raw[start:end], depth+1, left)
			return *left <= 0
		})
		return
	}
	if h.changing(raw) {
		return
	}
	scan.FindMember(raw, func(key []byte, start, end int) bool {
		switch string(key) {
		case "cache_control", "id", "cacheControl":
		default:
			h.Add(key)
			h.addContent(raw[start:end], depth+1, left)
		}
		return *left <= 0
	})
}

// changing spots the system block in which Claude Code reports itself for
// billing; it differs from request to request and is outside the cached prompt.
func (h *Hash) changing(block []byte) bool {
	const mark = `"x-anthropic-billing-header`
	start, end, ok := scan.Get(block, "text")
	return ok && end-start > len(mark) && string(block[start:start+len(mark)]) == mark
}

// AddOpening mixes in the messages of a list up to its first user turn, that
// one included. A message without a role counts as the user's. raw may also be
// a plain string, which is a user turn.
func (h *Hash) AddOpening(raw []byte) {
	if len(raw) == 0 || raw[0] != '[' {
		h.AddContent(raw)
		return
	}
	left := hashLimit
	scan.FindElement(raw, func(start, end int) bool {
		message := raw[start:end]
		h.addContent(message, 0, &left)
		from, to, ok := scan.Get(message, "role")
		return left <= 0 || !ok && message[0] == '{' && !isItem(message) || ok && scan.StringIs(message[from:to], "user")
	})
}

// isItem reports whether an element of a list is something else than a
// message: Responses' reasoning, calls and their results have a type and no
// role.
func isItem(element []byte) bool {
	_, _, ok := scan.Get(element, "type")
	return ok
}

// sessionHeaders are the headers in which clients name their session, the most
// telling first.
var sessionHeaders = []string{
	"X-Claude-Code-Session-Id", // Claude Code
	"Session-Id",               // Codex
	"Session_id",               // Codex before 2026
	"Thread-Id",                // Codex
	"X-Session-Id",             // opencode and others
	"X-Session-Affinity",       // opencode
	"X-Conversation-Id",
	"Conversation-Id",
	"Conversation_id",
	"X-Thread-Id",
	"X-Gemini-Session-Id",
}

// Session is the hash of the session that a request's headers name, 0 if they
// name none.
func Session(header http.Header) uint64 {
	for _, name := range sessionHeaders {
		if v := header[name]; len(v) > 0 && v[0] != "" {
			return Named(v[0])
		}
	}
	return 0
}

// Named is the hash of a session, thread or cache key that the client names;
// 0 for an empty name.
func Named(name string) uint64 {
	if name == "" {
		return 0
	}
	var h Hash
	h.Add([]byte(name))
	return h.Sum()
}
