package secrets_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ccload/ccload/secrets"
)

func TestSealedTextsOpenOnlyWhereTheyBelong(t *testing.T) {
	key := secrets.NewKey()
	v, err := secrets.NewKeyring(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed := v.Seal([]byte("sk-secret"), "channel a")
	if strings.Contains(sealed, "secret") || strings.Contains(sealed, base64.RawStdEncoding.EncodeToString([]byte("sk-secret"))) {
		t.Errorf("it can be read: %s", sealed)
	}
	if plain, err := v.Open(sealed, "channel a"); err != nil || string(plain) != "sk-secret" {
		t.Errorf("%q, %v", plain, err)
	}
	if _, err := v.Open(sealed, "channel b"); !errors.Is(err, secrets.ErrBroken) {
		t.Errorf("moved elsewhere: %v", err)
	}
	for i := range sealed {
		changed := []byte(sealed)
		changed[i] ^= 1
		if plain, err := v.Open(string(changed), "channel a"); err == nil && string(plain) != "sk-secret" {
			t.Errorf("changed at %d it opens as %q", i, plain)
		}
		if _, err := v.Open(sealed[:i], "channel a"); err == nil {
			t.Errorf("cut at %d it opens", i)
		}
	}
	if again := v.Seal([]byte("sk-secret"), "channel a"); again == sealed {
		t.Error("the same text is sealed the same way twice")
	}
}

func TestANewKeyTakesOver(t *testing.T) {
	old, next := secrets.NewKey(), secrets.NewKey()
	before, _ := secrets.NewKeyring(old)
	sealed := before.Seal([]byte("x"), "b")
	during, _ := secrets.NewKeyring(next, old)
	if plain, err := during.Open(sealed, "b"); err != nil || string(plain) != "x" || during.SealedByFirst(sealed) {
		t.Errorf("%q, %v", plain, err)
	}
	after, _ := secrets.NewKeyring(next)
	if _, err := after.Open(sealed, "b"); !errors.Is(err, secrets.ErrOtherKey) || !strings.Contains(err.Error(), secrets.KeyID(old)) {
		t.Errorf("without the old key: %v", err)
	}
	if again := during.Seal([]byte("x"), "b"); !after.SealedByFirst(again) {
		t.Error("the old key seals")
	}
}

func TestKeysAsPeopleWriteThem(t *testing.T) {
	key := bytes.Repeat([]byte{0xab, 0x10}, 16)
	for _, text := range []string{hex.EncodeToString(key), strings.ToUpper(hex.EncodeToString(key)), base64.StdEncoding.EncodeToString(key), " " + hex.EncodeToString(key) + "\n"} {
		if got, err := secrets.ParseKey(text); err != nil || !bytes.Equal(got, key) {
			t.Errorf("%q: %x, %v", text, got, err)
		}
	}
	a, err := secrets.ParseKey("correct horse battery")
	b, _ := secrets.ParseKey("correct horse battery")
	c, _ := secrets.ParseKey("correct horse batterz")
	if err != nil || !bytes.Equal(a, b) || bytes.Equal(a, c) || len(a) != secrets.KeySize {
		t.Errorf("a passphrase: %x %x %x %v", a, b, c, err)
	}
	for _, text := range []string{"", "short"} {
		if _, err := secrets.ParseKey(text); err == nil || (text != "" && strings.Contains(err.Error(), text)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestProcessesThatMakeTheFileAtOnceFindOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "key")
	var mu sync.Mutex
	found := make(map[string]int)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			keys, _, err := secrets.ReadOrMake(path)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			found[string(keys[0])]++
		})
	}
	all.Wait()
	if len(found) != 1 {
		t.Errorf("%d keys", len(found))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	old, _, _ := secrets.ReadOrMake(path)
	next := secrets.NewKey()
	if err := secrets.WriteFile(path, [][]byte{next, old[0]}); err != nil {
		t.Fatal(err)
	}
	if keys, _, err := secrets.ReadOrMake(path); err != nil || len(keys) != 2 || !bytes.Equal(keys[0], next) {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	if err := os.WriteFile(path, []byte("# nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := secrets.ReadOrMake(path); err == nil {
		t.Error("an empty file is taken for a new one")
	}
}

func FuzzOpen(f *testing.F) {
	v, err := secrets.NewKeyring(make([]byte, secrets.KeySize))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(v.Seal([]byte("x"), ""))
	f.Add("v1..")
	f.Add("v1." + v.ID() + ".AAAA")
	f.Fuzz(func(t *testing.T, sealed string) {
		_, _ = v.Open(sealed, "other")
	})
}
