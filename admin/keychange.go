package admin

import (
	"net/http"
	"strings"

	"github.com/ccload/ccload/access"
)

// KeyChange changes some keys of a channel and leaves the others as they are.
// Keys that are there are named by their fingerprints; names of keys that are
// gone are ignored.
type KeyChange struct {
	Add     []KeyConfig `json:"add,omitempty"`     // those that the channel has already, or that stand there twice, are left out
	Remove  []string    `json:"remove,omitempty"`  // fingerprints of keys that are removed
	Disable []string    `json:"disable,omitempty"` // fingerprints of keys that are kept and not used
	Enable  []string    `json:"enable,omitempty"`  // fingerprints of keys that are used again
	// Notes of keys, by fingerprint; an empty one takes a note away.
	Notes map[string]string `json:"notes,omitempty"`
}

// KeyChanged is what came of it.
type KeyChanged struct {
	Added   []string `json:"added"`   // fingerprints, in the order they were given
	Doubles int      `json:"doubles"` // keys that were not added, because they are there
	Removed int      `json:"removed"` // keys that were removed
	Keys    int      `json:"keys"`    // how many there are now
}

func changeKeys(q *request) (any, error) {
	var in KeyChange
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	for i, k := range in.Add {
		if strings.TrimSpace(k.Key) == "" {
			return nil, invalid("add", "add: #%d has no key", i+1)
		}
	}
	var done KeyChanged
	_, err := q.op.ChangeChannels(q.r.Context(), q.actor(), []string{q.r.PathValue("name")}, func(c ChannelConfig) (ChannelConfig, error) {
		c.Keys, done = in.apply(c.Keys)
		return c, nil
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// apply returns the keys as they become.
func (in *KeyChange) apply(has []KeyConfig) (keys []KeyConfig, done KeyChanged) {
	done.Added = []string{}
	remove, disable, enable := setOf(in.Remove), setOf(in.Disable), setOf(in.Enable)
	there := make(map[string]bool, len(has)+len(in.Add))
	keys = make([]KeyConfig, 0, len(has)+len(in.Add))
	for _, k := range has {
		if remove[k.Fingerprint] {
			done.Removed++
			continue
		}
		k.Disabled = (k.Disabled || disable[k.Fingerprint]) && !enable[k.Fingerprint]
		if note, ok := in.Notes[k.Fingerprint]; ok {
			k.Note = note
		}
		there[k.Fingerprint] = true
		keys = append(keys, k)
	}
	for _, k := range in.Add {
		id := access.Fingerprint(strings.TrimSpace(k.Key))
		if there[id] {
			done.Doubles++
			continue
		}
		there[id] = true
		done.Added = append(done.Added, id)
		keys = append(keys, KeyConfig{Key: k.Key, Note: k.Note, Disabled: k.Disabled})
	}
	done.Keys = len(keys)
	return keys, done
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, v := range list {
		set[v] = true
	}
	return set
}

// unchanged refuses a change that is based on what somebody else has changed
// meanwhile. A patch may say by "updated" what it was made of.
func unchanged(was, given ChannelConfig) error {
	if given.Updated.IsZero() || given.Updated.Equal(was.Updated) {
		return nil
	}
	return Problemf(http.StatusConflict, CodeConflict, "updated", "channel %q was changed meanwhile, at %s: look at it and try again", was.Name, was.Updated.UTC().Format("15:04:05 UTC"))
}
