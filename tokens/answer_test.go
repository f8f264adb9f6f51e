package tokens

import "testing"

func TestAnswerCountsWhatWasSaid(t *testing.T) {
	c := New()
	const words = "The quick brown fox jumps over the lazy dog."
	plain := c.Text("gpt-5", []byte(words))
	for _, raw := range []string{
		words,
		`{"type":"message","model":"x","content":[{"type":"text","text":"` + words + `"}],"usage":{"input_tokens":5}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"The quick brown fox"}}` + "\n" +
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" jumps over the lazy dog."}}` + "\n",
		`{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"` + words + `"}}]}`,
		`{"id":"x","choices":[{"delta":{"content":"` + words + `"}}]}`,
		`{"type":"response.output_text.delta","delta":"` + words + `"}`,
		`{"candidates":[{"content":{"parts":[{"text":"` + words + `"}],"role":"model"}}]}`,
		"{\n \"content\": [\n  {\"text\": \"" + words + "\"}\n ]\n}",
	} {
		if got := c.Answer("gpt-5", []byte(raw)); got != plain {
			t.Errorf("%d tokens, want %d, in %s", got, plain, raw)
		}
	}
	if got := c.Answer("gpt-5", []byte(`{"content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{"city":"Paris"}}]}`)); got < 8 || got > 12 { // with the marks around an answer
		t.Errorf("a call's arguments are %d tokens", got)
	}
	if got := c.Answer("gpt-5", nil); got != 0 {
		t.Errorf("nothing is %d tokens", got)
	}
}
