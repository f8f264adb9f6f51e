package gateway

import (
	"errors"
	"net/http"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/protocol"
)

// Unknown tokens that an address may send before those that follow are slowed
// down, and how many a peer may: behind a proxy, the address may be the
// client's own word, and a peer stands for many clients.
const (
	GuessesByAddress = 20
	GuessesByPeer    = 10 * GuessesByAddress
)

// TokenGuesses slow down the guessing of client tokens.
type TokenGuesses struct{ Addresses, Peers *access.Guessing }

func newTokenGuesses() TokenGuesses {
	return TokenGuesses{access.NewGuessing(GuessesByAddress), access.NewGuessing(GuessesByPeer)}
}

// lookUp finds the token of a credential, which waits if too many of its
// address were wrong. The errors are those of access.Tokens.Lookup,
// errClientGone, or a *protocol.RequestError.
func (c *Call) lookUp(credential string) (*access.Token, error) {
	if credential == "" {
		return c.snapshot.table.Tokens.Lookup("", c.Received)
	}
	guesses := &c.site.gateway.State.Guesses
	peer := access.HostOf(c.r.RemoteAddr)
	for _, wait := range [...]struct {
		by      *access.Guessing
		address string
	}{{guesses.Addresses, c.clientAddress}, {guesses.Peers, peer}} {
		if err := wait.by.Wait(c.r.Context(), wait.address, credential); err != nil {
			if !errors.Is(err, access.ErrGuessing) {
				return nil, errClientGone
			}
			c.w.Header().Set("Retry-After", "2")
			return nil, &protocol.RequestError{Status: http.StatusTooManyRequests, Code: "too_many_attempts", Message: err.Error()}
		}
	}
	token, err := c.snapshot.table.Tokens.Lookup(credential, c.Received)
	switch {
	case err == nil:
		guesses.Addresses.Succeeded(c.clientAddress, credential)
		guesses.Peers.Succeeded(peer, credential)
	case errors.Is(err, access.ErrUnknown) && c.site.gateway.Ready():
		guesses.Addresses.Failed(c.clientAddress)
		guesses.Peers.Failed(peer)
	}
	return token, err
}
