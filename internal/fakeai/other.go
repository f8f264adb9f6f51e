package fakeai

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"

	"github.com/ccload/ccload/ai"
)

// onePixel is a PNG of one pixel.
const onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// silence is an MP3 frame that holds nothing.
const silence = "\xff\xfb\x90\x00"

// other answers what is neither a generation nor a stored response.
func (d *delivery) other() {
	input := max(1, len(d.req.Body)/4)
	switch d.req.Operation {
	case ai.ListModels, ai.GetModel:
		d.listModels()
	case ai.CountTokens:
		d.countTokens(input)
	case ai.Embed:
		d.embed(input)
	case ai.Complete:
		d.complete()
	case ai.Compact:
		d.whole(http.StatusOK, jsonType, fmt.Appendf(nil,
			`{"id":"resp_0compact%06d","object":"response.compaction","created_at":%d,"output":[{"type":"compaction","id":"cmp_0","encrypted_content":"%s"}],"usage":{"input_tokens":%d,"input_tokens_details":{"cached_tokens":0},"output_tokens":1,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":%d}}`,
			d.req.Number, d.req.Time.Unix(), signature, input, input+1))
	case ai.Image:
		d.whole(http.StatusOK, jsonType, fmt.Appendf(nil,
			`{"created":%d,"data":[{"b64_json":"%s"}],"usage":{"total_tokens":%d,"input_tokens":%d,"output_tokens":272,"input_tokens_details":{"text_tokens":%d,"image_tokens":0}}}`,
			d.req.Time.Unix(), onePixel, input+272, input, input))
	case ai.Audio:
		if strings.HasSuffix(d.req.Path, "/speech") {
			d.whole(http.StatusOK, "audio/mpeg", []byte(strings.Repeat(silence, 64)))
			return
		}
		d.whole(http.StatusOK, jsonType, fmt.Appendf(nil, `{"text":%s,"usage":{"type":"duration","seconds":1}}`, quote("Hello from "+d.s.o.Name)))
	case ai.Moderate:
		d.whole(http.StatusOK, jsonType, indent(fmt.Appendf(nil,
			`{"id":"modr-%06d","model":%s,"results":[{"flagged":false,"categories":{"violence":false},"category_scores":{"violence":0.00001}}]}`,
			d.req.Number, quote(d.req.Model))))
	case ai.Rerank:
		d.rerank(input)
	}
}

func (d *delivery) countTokens(input int) {
	switch d.req.Protocol {
	case ai.Gemini:
		d.whole(http.StatusOK, jsonType, indent(fmt.Appendf(nil, `{"totalTokens":%d,"promptTokensDetails":[{"modality":"TEXT","tokenCount":%d}]}`, input, input)))
	case ai.Responses:
		d.whole(http.StatusOK, jsonType, fmt.Appendf(nil, `{"object":"response.input_tokens","input_tokens":%d}`, input))
	default:
		d.whole(http.StatusOK, jsonType, fmt.Appendf(nil, `{"input_tokens":%d}`, input))
	}
}

// embed makes vectors that depend on nothing but their place.
func (d *delivery) embed(input int) {
	size := d.req.in.Dimensions
	if size <= 0 || size > 4096 {
		size = 8
	}
	vector := func(i int) []float32 {
		v := make([]float32, size)
		for j := range v {
			v[j] = float32(math.Sin(float64(i + j + 1)))
		}
		return v
	}
	if d.req.Protocol == ai.Gemini {
		d.geminiEmbed(vector)
		return
	}
	var texts []json.RawMessage
	if json.Unmarshal(d.req.in.Input, &texts) != nil || len(texts) == 0 {
		texts = make([]json.RawMessage, 1)
	}
	var list []string
	for i := range texts {
		value, _ := json.Marshal(vector(i))
		if d.req.in.Encoding == "base64" {
			value = fmt.Appendf(nil, `"%s"`, base64Floats(vector(i)))
		}
		list = append(list, fmt.Sprintf(`{"object":"embedding","index":%d,"embedding":%s}`, i, value))
	}
	d.s.log.reported(d.req, func(r *Request) { r.Usage = ai.Usage{Input: int64(input), Reported: true} })
	d.whole(http.StatusOK, jsonType, indent(fmt.Appendf(nil,
		`{"object":"list","data":[%s],"model":%s,"usage":{"prompt_tokens":%d,"total_tokens":%d}}`,
		strings.Join(list, ","), quote(d.req.Model), input, input)))
}

func (d *delivery) geminiEmbed(vector func(int) []float32) {
	value := func(i int) string {
		b, _ := json.Marshal(vector(i))
		return `{"values":` + string(b) + `}`
	}
	if d.req.sub == "embedContent" {
		d.whole(http.StatusOK, jsonType, indent([]byte(`{"embedding":`+value(0)+`}`)))
		return
	}
	var list []string
	for i := range d.req.in.Requests {
		list = append(list, value(i))
	}
	d.whole(http.StatusOK, jsonType, indent([]byte(`{"embeddings":[`+strings.Join(list, ",")+`]}`)))
}

func base64Floats(v []float32) string {
	b := make([]byte, 0, 4*len(v))
	for _, f := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return base64.StdEncoding.EncodeToString(b)
}

// complete answers a legacy text completion.
func (d *delivery) complete() {
	a := d.s.newAnswer(d.req, &d.b)
	s := &script{ping: event{"", ": keep-alive"}}
	piece := func(text, reason string) string {
		return fmt.Sprintf(`{"id":"%s","object":"text_completion","created":%d,"model":%s,"choices":[{"text":%s,"index":0,"logprobs":null,"finish_reason":%s}]`,
			a.responseID(), a.created, quote(a.model), quote(text), reason)
	}
	reason := `"` + chatReasons[a.finish] + `"`
	for _, p := range a.pieces {
		s.content = append(s.content, event{"", piece(p, "null") + "}"})
	}
	s.finish = []event{{"", piece("", reason) + "}"}}
	if d.req.in.StreamOptions.IncludeUsage {
		s.finish = append(s.finish, event{"", piece("", "null") + `,"usage":` + chatUsage(a) + "}"})
	}
	s.end = []event{{"", "[DONE]"}}
	s.whole = indent([]byte(piece(a.text(), reason) + `,"usage":` + chatUsage(a) + "}"))
	d.report(a)
	d.send(s, a)
}

func (d *delivery) rerank(input int) {
	n := len(d.req.in.Documents)
	if top := d.req.in.TopN; top > 0 {
		n = min(n, top)
	}
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"index":%d,"relevance_score":%.4f}`, i, 1/float64(i+1)))
	}
	d.whole(http.StatusOK, jsonType, fmt.Appendf(nil,
		`{"id":"rerank-%06d","model":%s,"results":[%s],"usage":{"total_tokens":%d},"meta":{"billed_units":{"search_units":1}}}`,
		d.req.Number, quote(d.req.Model), strings.Join(list, ","), input))
}
