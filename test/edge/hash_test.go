package edge

import "golang.org/x/crypto/bcrypt"

// newHash is what Caddy's basic_auth compares a password with.
func newHash(password string) (string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	return string(hash), err
}
