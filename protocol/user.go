package protocol

import "strings"

// UserFor is how the end user is named to a target that takes at most so many
// bytes and, if opaque, nothing that tells who somebody is: the User if that
// may be said, or else the Pseudonym. "" if neither may.
func (p *Prompt) UserFor(most int, opaque bool) string {
	switch {
	case p.User == "":
	case len(p.User) <= most && (!opaque || !identifies(p.User)):
		return p.User
	case len(p.Pseudonym) <= most:
		return p.Pseudonym
	}
	return ""
}

// identifies reports whether an id looks like an address, a telephone number or
// a name in full.
func identifies(id string) bool {
	if strings.ContainsAny(id, "@ \t\n") {
		return true
	}
	digits := 0
	for i := range len(id) {
		switch c := id[i]; {
		case '0' <= c && c <= '9':
			digits++
		case strings.IndexByte("+-().", c) < 0:
			return false
		}
	}
	return digits >= 7 && digits <= 15 // E.164
}
