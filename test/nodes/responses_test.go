package nodes

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// respond asks for a response and returns its status, id and text.
func (n *node) respond(secret, body string) (status int, id, text string) {
	n.t.Helper()
	req, err := http.NewRequestWithContext(n.t.Context(), http.MethodPost, n.URL+"/v1/responses", strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	var made struct{ ID string }
	_ = json.Unmarshal(answer, &made)
	return resp.StatusCode, made.ID, string(answer)
}

// TestNodesContinueEachOthersResponses: what one node has translated and kept the
// next continues at once, and forgets for all.
func TestNodesContinueEachOthersResponses(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	const secret = "sk-of-the-test-0123456789"
	onEach(t, u.channel("one", "key k-0123456789")+"token tests "+secret+"\n", func(t *testing.T, nodes []*node) {
		first, previous := "", ""
		for turn := range 6 {
			body := fmt.Sprintf(`{"model":"claude-haiku-4-5","input":"turn %d"}`, turn)
			if previous != "" {
				body = strings.Replace(body, "{", fmt.Sprintf(`{"previous_response_id":%q,`, previous), 1)
			}
			status, id, text := nodes[turn%len(nodes)].respond(secret, body)
			if status != http.StatusOK || id == "" {
				t.Fatalf("turn %d: status %d: %s", turn, status, text)
			}
			if previous = id; first == "" {
				first = id
			}
			for said := range turn + 1 {
				if !u.was(fmt.Sprintf("turn %d", said)) {
					t.Errorf("turn %d goes up without turn %d", turn, said)
				}
			}
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, nodes[1].URL+"/v1/responses/"+first, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		resp, err := client.Do(req)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		resp.Body.Close()
		if status, _, text := nodes[2].respond(secret, fmt.Sprintf(`{"model":"claude-haiku-4-5","previous_response_id":%q,"input":"again"}`, first)); status != http.StatusBadRequest {
			t.Errorf("a deleted response is continued: %d %s", status, text)
		}
	})
}
