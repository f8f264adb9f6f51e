package pricing_test

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/pricing"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/responses"
	"github.com/ccload/ccload/protocol/sse"
)

// vector is a worked example: a usage as its vendor reports it, and its cost.
type vector struct {
	ID       string
	Provider string
	Vendor   string
	Protocol string
	Model    string
	At       time.Time
	Request  struct {
		Tier string `json:"response_service_tier"`
	}
	Usage    json.RawMessage
	Expected string `json:"expected_usd"`
	Reported string `json:"vendor_reported_usd"`
}

// answers are whole answers with a usage, in each wire format.
var answers = map[string]struct {
	format protocol.Format
	op     ai.Operation
	before string
}{
	"anthropic_messages": {anthropic.Format{}, ai.Generate, `{"type":"message","role":"assistant","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":`},
	"openai_chat":        {openai.Format{}, ai.Generate, `{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":`},
	"openai_images":      {openai.Format{}, ai.Image, `{"data":[{"b64_json":"AA=="}],"usage":`},
	"openai_realtime":    {openai.Format{}, ai.Generate, `{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":`},
	"openai_responses":   {responses.Format{}, ai.Generate, `{"id":"resp_1","object":"response","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}],"usage":`},
	"gemini_generate":    {gemini.Format{}, ai.Generate, `{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],"usageMetadata":`},
}

// usage reads a vector's usage as the gateway does.
func (v *vector) usage(t *testing.T) ai.Usage {
	t.Helper()
	a, ok := answers[v.Protocol]
	if !ok {
		t.Fatalf("%s: no wire format %s", v.ID, v.Protocol)
	}
	ep := endpointOf(a.format, a.op)
	var streams struct {
		Stream []map[string]json.RawMessage `json:"stream"`
		Chunks []json.RawMessage            `json:"stream_chunks"`
	}
	_ = json.Unmarshal(v.Usage, &streams)
	var events []string
	for _, e := range streams.Stream {
		if used, ok := e["message_start"]; ok {
			events = append(events, `{"type":"message_start","message":{"usage":`+string(used)+`}}`)
		} else {
			events = append(events, `{"type":"message_delta","delta":{},"usage":`+string(e["message_delta"])+`}`)
		}
	}
	for _, chunk := range streams.Chunks {
		events = append(events, string(chunk))
	}
	if events != nil {
		j := a.format.NewJudge(ep)
		for _, e := range events {
			j.Event(sse.Event{Data: []byte(e)})
		}
		return j.Verdict().Usage
	}
	tier := ""
	if v.Request.Tier != "" {
		tier = `,"service_tier":` + strconv.Quote(v.Request.Tier)
	}
	return a.format.JudgeBody(ep, []byte(a.before+string(v.Usage)+tier+"}")).Usage
}

func endpointOf(f protocol.Format, op ai.Operation) *protocol.Endpoint {
	for _, ep := range f.Endpoints() {
		if ep.Operation == op {
			return &ep
		}
	}
	return nil
}

// presets are how channels name the vendors of the vectors.
var presets = map[string]string{"google": "gemini", "moonshotai": "moonshot", "alibaba": "qwen"}

// TestVectors: what a vendor's invoice would say, to a millionth of a dollar,
// from the usage as it stands in an answer.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			u := v.usage(t)
			provider := v.Provider
			if p, ok := presets[provider]; ok {
				provider = p
			}
			if v.Vendor == "vercel-gateway" {
				provider = ""
			}
			want, err := strconv.ParseFloat(v.Expected, 64)
			if err != nil {
				t.Fatal(err)
			}
			cost, lines := pricing.Default().Explain(provider, v.Model, v.At, &u, nil)
			if math.Abs(cost.List.USD()-want) > 1e-6 || cost.Unpriced || cost.Drifted {
				t.Errorf("%s, want %s: %+v of %+v by %+v", cost.List, v.Expected, lines, u, cost)
			}
			if v.Reported != "" && (!u.VendorCosted || cost.Amount != u.VendorCost || math.Abs(cost.Amount.USD()-want) > 1e-6) {
				t.Errorf("the vendor's own cost %s is not what counts: %+v", v.Reported, cost)
			}
		})
	}
	if len(vectors) < 42 {
		t.Errorf("only %d vectors", len(vectors))
	}
}
