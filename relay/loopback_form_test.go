package relay_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/relay"
)

// TestTheOtherForm: where an address leaves open whether its endpoints have a
// version, the other form is asked once there is nothing at the first, in the
// same attempt and with the same body, and from then on at once.
func TestTheOtherForm(t *testing.T) {
	const (
		versioned, short = "/compat/v1/chat/completions", "/compat/chat/completions"
		nothing          = `{"error":{"message":"Not Found"}}`
	)
	for _, tt := range []struct {
		name, base string
		answers    map[string]int // by path; else 404
		bodies     map[string]string
		status     int
		asked      []string // in two calls
	}{
		{"without a version", "/compat", map[string]int{short: 200}, nil, 200, []string{versioned, short, short}},
		{"with one", "/compat", map[string]int{versioned: 200}, nil, 200, []string{versioned, versioned}},
		{"method not allowed", "/compat", map[string]int{versioned: 405, short: 200}, nil, 200, []string{versioned, short, short}},
		{"a request that is refused there", "/compat", map[string]int{short: 400}, nil, 400, []string{versioned, short, short}},
		{"a limit there", "/compat", map[string]int{short: 429}, nil, 429, []string{versioned, short, short}},
		{"a key that is refused there teaches nothing", "/compat", map[string]int{short: 401}, nil, 401, []string{versioned, short, versioned, short}},
		{"trouble there teaches nothing", "/compat", map[string]int{short: 503}, nil, 503, []string{versioned, short, versioned, short}},
		{"a redirect there is no answer", "/compat", map[string]int{short: 302}, nil, 404, []string{versioned, short, versioned, short}},
		{"neither", "/compat", nil, nil, 404, []string{versioned, short, versioned, short}},
		{"no such model", "/compat", map[string]int{short: 200}, map[string]string{versioned: `{"error":{"message":"The model x does not exist","code":"model_not_found"}}`}, 404, []string{versioned, versioned}},
		{"said to have none", "/compat/*", map[string]int{versioned: 200}, nil, 404, []string{short, short}},
		{"said to have one", "/compat/v1", map[string]int{short: 200}, nil, 404, []string{versioned, versioned}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			var asked []string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				mu.Lock()
				asked = append(asked, r.URL.Path)
				mu.Unlock()
				if string(body) != `{"model":"m"}` {
					t.Errorf("%s was sent %q", r.URL.Path, body)
				}
				status := tt.answers[r.URL.Path]
				if status == 0 {
					status = 404
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				switch {
				case tt.bodies[r.URL.Path] != "":
					io.WriteString(w, tt.bodies[r.URL.Path])
				case status == 200:
					io.WriteString(w, `{"ok":true}`)
				default:
					io.WriteString(w, nothing)
				}
			}))
			defer srv.Close()
			base, err := config.URL{URL: srv.URL + tt.base}.Parse()
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				a := send(t, t.Context(), request(t, base.Join("/v1/chat/completions"), func(r *relay.Request) {
					r.Base, r.URL = base, base.Join("/v1/chat/completions")
					r.Body = relay.Body{Parts: [5][]byte{[]byte(`{"model":"m"}`)}}
				}))
				if a.Status != tt.status || a.Good() != (tt.status == 200) {
					t.Errorf("status %d, good %v: %+v", a.Status, a.Good(), a.Evidence)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(asked, tt.asked) {
				t.Errorf("asked %v, want %v", asked, tt.asked)
			}
		})
	}
}
