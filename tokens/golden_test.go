package tokens

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// TestGolden compares both encodings with counts made by the tiktoken library
// itself; testdata/README.md says how. CCLOAD_TOKENS_GOLDEN names a larger file
// of the same format to compare with as well.
func TestGolden(t *testing.T) {
	files := []string{"testdata/golden.jsonl"}
	if more := os.Getenv("CCLOAD_TOKENS_GOLDEN"); more != "" {
		files = append(files, more)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<24)
		n, wrong := 0, 0
		for ; lines.Scan(); n++ {
			var want struct {
				Text   string `json:"text"`
				O200k  int    `json:"o200k"`
				CL100k int    `json:"cl100k"`
			}
			if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
				t.Fatal(err)
			}
			a, b := o200k().count([]byte(want.Text)), cl100k().count([]byte(want.Text))
			if a != want.O200k || b != want.CL100k {
				if wrong++; wrong <= 20 {
					t.Errorf("%.200q: o200k %d want %d, cl100k %d want %d", want.Text, a, want.O200k, b, want.CL100k)
				}
			}
		}
		t.Logf("%s: %d texts, %d wrong", name, n, wrong)
		if n < 300 {
			t.Errorf("%s has only %d texts", name, n)
		}
	}
}
