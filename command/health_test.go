package command

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// TestHealthCommand: only a gateway that serves is healthy.
func TestHealthCommand(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	status.Store(http.StatusOK)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) }))
	ask := func(address string) error {
		cmd := healthCommand()
		cmd.SetArgs([]string{address})
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		return cmd.ExecuteContext(t.Context())
	}
	if err := ask(server.URL + "/health"); err != nil {
		t.Errorf("healthy: %v", err)
	}
	status.Store(http.StatusServiceUnavailable)
	if ask(server.URL+"/health") == nil {
		t.Error("503 is healthy")
	}
	server.Close()
	for _, address := range []string{server.URL, "no address", "http://127.0.0.1:0"} {
		if ask(address) == nil {
			t.Errorf("%s is healthy", address)
		}
	}
}
