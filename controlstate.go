package ccload

import (
	"sync"
	"sync/atomic"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/secrets"
)

// controlState is what changing and showing the gateway remembers, longer than
// any config: what is stored beside the config, the keys that seal it, and who
// is logged in.
type controlState struct {
	Keyring  atomic.Pointer[secrets.Keyring]
	NoKey    atomic.Bool                  // the keyring's key is kept nowhere
	Stored   atomic.Pointer[storedConfig] // nil until it is read for the first time
	Reading  sync.Mutex                   // one at a time reads what is stored
	Editing  sync.Mutex                   // one at a time changes what is stored
	Rotating sync.Mutex                   // one at a time changes the encryption key
	Desk     *admin.Desk
}
