package admin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// bcryptOf returns a cheap hash of the given kind.
func bcryptOf(t testing.TB, kind, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return "$" + kind + "$" + strings.SplitN(string(hash), "$", 3)[2]
}

// argon2idOf returns a hash in the usual form.
func argon2idOf(password string, memory, passes uint32, threads uint8) string {
	salt := []byte("0123456789abcdef")
	key := argon2.IDKey([]byte(password), salt, passes, memory, threads, 32)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, passes, threads, enc.EncodeToString(salt), enc.EncodeToString(key))
}

func TestPasswordIsChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, right string }{
		{"plain", "correct horse", "correct horse"},
		{"plain, other letters", "pässwörd", "pässwörd"},
		{"plain that begins with a dollar", "$ecret-$tuff", "$ecret-$tuff"},
		{"bcrypt 2a", bcryptOf(t, "2a", "correct horse"), "correct horse"},
		{"bcrypt 2b", bcryptOf(t, "2b", "correct horse"), "correct horse"},
		{"bcrypt 2y", bcryptOf(t, "2y", "correct horse"), "correct horse"},
		{"argon2id", argon2idOf("correct horse", 64, 1, 2), "correct horse"},
		// Made by caddy hash-password.
		{"argon2id of caddy", "$argon2id$v=19$m=47104,t=1,p=1$P2nzckEdTZ3bxCiBCkRTyA$xQL3Z32eo5jKl7u5tcIsnEKObYiyNZQQf5/4sAau6Pg", "antitiming"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := ParsePassword(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			for given, want := range map[string]bool{
				tt.right: true, tt.right + "x": false, tt.right[1:]: false, "": false, "another one": false,
				strings.Repeat("x", 1025): false,
			} {
				if got, err := p.Check(t.Context(), given); err != nil || got != want {
					t.Errorf("Check(%.20q) = %v, %v", given, got, err)
				}
			}
			if tt.text != tt.right {
				if got, _ := p.Check(t.Context(), tt.text); got {
					t.Error("the hash itself opens")
				}
			}
		})
	}
}

func TestPasswordIsRefused(t *testing.T) {
	t.Parallel()
	good := argon2idOf("correct horse", 64, 1, 1)
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "empty"},
		{"short", "sevench", "shorter than 8 characters"},
		{"short in characters, not in bytes", "äöüß", "shorter than 8 characters"},
		{"long", strings.Repeat("x", 1025), "longer than 1024 bytes"},
		{"line break", "correct horse\n", "line break"},
		{"not text", "correct\xffhorse", "cannot be typed"},
		{"placeholder", "{env.ADMIN_PASSWORD}", "not replaced"},
		{"Caddyfile placeholder", "{$ADMIN_PASSWORD}", "not replaced"},
		{"bcrypt cut off", bcryptOf(t, "2a", "x")[:40], "60 characters"},
		{"bcrypt with more", bcryptOf(t, "2a", "x") + "x", "60 characters"},
		{"bcrypt with odd characters", bcryptOf(t, "2a", "x")[:59] + "!", "60 characters"},
		{"bcrypt that takes days", strings.Replace(bcryptOf(t, "2a", "x"), "$04$", "$31$", 1), "cost 31, at most 15"},
		{"bcrypt of no cost", strings.Replace(bcryptOf(t, "2a", "x"), "$04$", "$00$", 1), "60 characters"},
		{"argon2i", strings.Replace(good, "argon2id", "argon2i", 1), "kind that is not known"},
		{"sha512", "$6$salt$abcdefgh", "kind that is not known"},
		{"argon2id, old version", strings.Replace(good, "v=19", "v=16", 1), "form"},
		{"argon2id of 8 GiB", strings.Replace(good, "m=64", "m=8388608", 1), "m=8388608, allowed is 1 to 262144"},
		{"argon2id, huge number", strings.Replace(good, "m=64", "m=99999999999999999999", 1), "form"},
		{"argon2id, many passes", strings.Replace(good, "t=1", "t=100", 1), "t=100, allowed is 1 to 16"},
		{"argon2id, no passes", strings.Replace(good, "t=1", "t=0", 1), "t=0, allowed"},
		{"argon2id, no threads", strings.Replace(good, "p=1", "p=0", 1), "p=0, allowed"},
		{"argon2id, many threads", strings.Replace(good, "p=1", "p=257", 1), "p=257, allowed"},
		{"argon2id, memory too little for its threads", strings.Replace(good, "p=1", "p=9", 1), "at least 8 times p"},
		{"argon2id, too much work", strings.Replace(good, "m=64,t=1", "m=262144,t=5", 1), "m times t at most"},
		{"argon2id, short salt", "$argon2id$v=19$m=64,t=1,p=1$AAAA$" + strings.Repeat("A", 43), "salt is not"},
		{"argon2id, short hash", "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAA", "16 to 64 bytes"},
		{"argon2id, padded", good + "=", "form"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := ParsePassword(tt.text)
			if err == nil || p != nil {
				t.Fatal("was accepted")
			}
			if msg := err.Error(); !strings.HasPrefix(msg, "admin_password ") || !strings.Contains(msg, tt.want) {
				t.Errorf("error %q, want %q in it", msg, tt.want)
			}
			if len(tt.text) > 6 && strings.Contains(err.Error(), tt.text) {
				t.Error("the error tells the value")
			}
		})
	}
}

func TestPasswordIDIsStable(t *testing.T) {
	t.Parallel()
	ids := make(map[string]string)
	for _, text := range []string{
		"correct horse", "correct house", bcryptOf(t, "2a", "correct horse"), argon2idOf("correct horse", 64, 1, 1), argon2idOf("correct horse", 64, 2, 1),
	} {
		first, err := ParsePassword(text)
		if err != nil {
			t.Fatal(err)
		}
		second, err := ParsePassword(text)
		if err != nil {
			t.Fatal(err)
		}
		if first.ID() != second.ID() || len(first.ID()) != 64 {
			t.Errorf("IDs %q and %q", first.ID(), second.ID())
		}
		if other, twice := ids[first.ID()]; twice {
			t.Errorf("%q and %q have one ID", text, other)
		}
		ids[first.ID()] = text
	}
	// This one is stored with sessions: another would end them all.
	const want = "1256713c91e56257af9a00d55b83aa279d049ba02e7cfc7d66afc39b28f08cd8"
	if p, err := ParsePassword("correct horse"); err != nil || p.ID() != want {
		t.Errorf("the ID of a plain password is now %q", p.ID())
	}
}

// TestChecksWaitForTheirTurn holds both slots.
func TestChecksWaitForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slots := passwordSlots
		passwordSlots = make(chan struct{}, 2)
		defer func() { passwordSlots = slots }()
		entered, leave := make(chan struct{}, 3), make(chan struct{})
		p := &Password{compare: func([]byte) bool { entered <- struct{}{}; <-leave; return true }}
		done := make(chan error, 3)
		for range 3 {
			go func() { _, err := p.Check(t.Context(), "x"); done <- err }()
		}
		synctest.Wait()
		if len(entered) != 2 {
			t.Fatalf("%d checks at once", len(entered))
		}
		ctx, cancel := context.WithCancel(t.Context())
		given := make(chan error, 1)
		go func() { _, err := p.Check(ctx, "x"); given <- err }()
		synctest.Wait()
		cancel()
		if err := <-given; !errors.Is(err, context.Canceled) {
			t.Errorf("the one who gave up got %v", err)
		}
		close(leave)
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if right, err := p.Check(ctx, "x"); right || err == nil {
			t.Error("checked although ctx had ended")
		}
	})
}

func FuzzParsePassword(f *testing.F) {
	f.Add(bcryptOf(f, "2y", "correct horse"))
	f.Add(argon2idOf("correct horse", 64, 1, 1))
	f.Add("$argon2id$v=19$m=262144,t=4,p=16$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg")
	f.Add("{env.X}")
	f.Add("$1$")
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.HasPrefix(text, "$") {
			text = "$argon2id$" + text // plain text is slow on purpose
		}
		p, err := ParsePassword(text)
		if (p == nil) == (err == nil) {
			t.Fatalf("%v and %v", p, err)
		}
		if err != nil && len(text) > 20 && strings.Contains(err.Error(), text) {
			t.Errorf("the error tells the value: %v", err)
		}
		if err == nil && p.ID() == "" {
			t.Error("no ID")
		}
	})
}
