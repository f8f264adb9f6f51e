package tokens

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/ccload/ccload/ai"
)

// recorded is a request of the corpus and what the provider counted for it.
type recorded struct {
	id, suite, model, vendor string
	stream                   bool
	protocol                 ai.Protocol
	body                     []byte
	tokens                   int64
	clean                    bool
}

// sent is how the request went to whoever counted it.
func (r *recorded) sent() Sent {
	return Sent{Protocol: r.protocol, Vertex: r.vendor == "vertex", Stream: r.stream}
}

var wire = map[string]ai.Protocol{
	"anthropic": ai.Anthropic, "openai_chat": ai.OpenAI, "openai_responses": ai.Responses, "gemini": ai.Gemini,
}

// loadCorpus reads the recordings that CCLOAD_CORPUS names. The table of what
// was counted is tokens_truth.csv beside it or up to two folders above, or
// named by CCLOAD_TOKENS_TRUTH.
func loadCorpus(t *testing.T) []recorded {
	t.Helper()
	root := os.Getenv("CCLOAD_CORPUS")
	if root == "" {
		t.Skip("CCLOAD_CORPUS is not set")
	}
	var rows [][]string
	for _, name := range []string{
		os.Getenv("CCLOAD_TOKENS_TRUTH"), filepath.Join(root, "tokens_truth.csv"),
		filepath.Join(root, "..", "tokens_truth.csv"), filepath.Join(root, "..", "..", "tokens_truth.csv"),
	} {
		f, err := os.Open(name)
		if name == "" || err != nil {
			continue
		}
		defer f.Close()
		if rows, err = csv.NewReader(f).ReadAll(); err != nil {
			t.Fatal(err)
		}
		break
	}
	if rows == nil {
		t.Skip("there is no tokens_truth.csv beside CCLOAD_CORPUS; CCLOAD_TOKENS_TRUTH names it")
	}
	at := make(map[string]int)
	for i, name := range rows[0] {
		at[name] = i
	}
	var all []recorded
	for _, row := range rows[1:] {
		text, err := os.ReadFile(filepath.Join(root, row[at["provider"]], row[at["id"]]+".json"))
		if err != nil {
			continue // the table also covers recordings that are not public
		}
		var record struct {
			Suite   string `json:"source_repo"`
			Stream  bool   `json:"stream"`
			Request struct {
				Body string `json:"body"`
			} `json:"request"`
		}
		if err := json.Unmarshal(text, &record); err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseInt(row[at["input_tokens"]], 10, 64)
		if err != nil || n <= 0 {
			continue
		}
		all = append(all, recorded{
			id: row[at["id"]], suite: record.Suite, stream: record.Stream, model: row[at["model"]], vendor: row[at["vendor"]],
			protocol: wire[row[at["provider"]]], body: []byte(record.Request.Body), tokens: n, clean: row[at["clean"]] == "1",
		})
	}
	if len(all) < 1000 {
		t.Fatalf("only %d recordings", len(all))
	}
	return all
}
