package ccload

import (
	"errors"
	"net/http"
	"reflect"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/protocol"
)

// This file slows down the guessing of client tokens.

// believesClients reports whether a server takes the address of a client from
// what the client itself may have written, the leftmost of X-Forwarded-For.
// Caddy forgets how trusted_proxies were written once it has loaded them, so
// its own field is looked at; a test holds that it is there.
func believesClients(server *caddyhttp.Server) bool {
	proxies := reflect.ValueOf(server).Elem().FieldByName("trustedProxies")
	return server.TrustedProxiesStrict == 0 && proxies.IsValid() && proxies.Kind() == reflect.Interface && !proxies.IsNil()
}

// Unknown tokens that an address may send before those that follow are slowed
// down, and how many a peer may: behind a proxy, the address may be the
// client's own word, and a peer stands for many clients.
const (
	wrongByAddress = 20
	wrongByPeer    = 10 * wrongByAddress
)

// tokenGuesses slow down the guessing of client tokens.
type tokenGuesses struct{ addresses, peers *access.Guessing }

func newTokenGuesses() tokenGuesses {
	return tokenGuesses{access.NewGuessing(wrongByAddress), access.NewGuessing(wrongByPeer)}
}

// lookUp finds the token of a credential, which waits if too many of its
// address were wrong. The errors are those of access.Tokens.Lookup,
// errClientGone, or a *protocol.RequestError.
func (c *call) lookUp(credential string) (*access.Token, error) {
	if credential == "" {
		return c.Tokens.Lookup("", c.Received)
	}
	guesses := &c.h.app.state.guesses
	peer := access.HostOf(c.r.RemoteAddr)
	address, _ := caddyhttp.GetVar(c.r.Context(), caddyhttp.ClientIPVarKey).(string)
	if address == "" {
		address = peer
	}
	for _, wait := range [...]struct {
		by      *access.Guessing
		address string
	}{{guesses.addresses, address}, {guesses.peers, peer}} {
		if err := wait.by.Wait(c.r.Context(), wait.address, credential); err != nil {
			if !errors.Is(err, access.ErrGuessing) {
				return nil, errClientGone
			}
			c.w.Header().Set("Retry-After", "2")
			return nil, &protocol.RequestError{Status: http.StatusTooManyRequests, Code: "too_many_attempts", Message: err.Error()}
		}
	}
	token, err := c.Tokens.Lookup(credential, c.Received)
	switch {
	case err == nil:
		guesses.addresses.Succeeded(address, credential)
		guesses.peers.Succeeded(peer, credential)
	case errors.Is(err, access.ErrUnknown) && c.h.app.state.complete():
		guesses.addresses.Failed(address)
		guesses.peers.Failed(peer)
	}
	return token, err
}
