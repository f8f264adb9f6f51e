package protocol_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openai"
)

// What is billed by the piece is read from the request, and nothing else is.
func TestOrder(t *testing.T) {
	form := "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ndall-e-2\r\n" +
		"--B\r\nContent-Disposition: form-data; name=\"size\"\r\n\r\n256x256\r\n--B--\r\n"
	for _, row := range []struct {
		path, contentType, body string
		want                    protocol.Order
	}{
		{"/v1/audio/speech", "", `{"model":"tts-1","input":"h\u00e9llo 世界 \ud83d\ude00","voice":"alloy"}`, protocol.Order{Characters: 10}},
		{"/v1/audio/speech", "", `{"model":"tts-1","input":["a"]}`, protocol.Order{}},
		{"/v1/images/generations", "", `{"model":"dall-e-3","prompt":"x"}`, protocol.Order{}},
		{"/v1/images/generations", "", `{"model":"dall-e-3","prompt":"x","size":"1024x1792","quality":"standard"}`, protocol.Order{ImageForm: "1024x1792"}},
		{"/v1/images/generations", "", `{"model":"dall-e-3","prompt":"x","size":"1024x1792","quality":"HD"}`, protocol.Order{ImageForm: "1024x1792/hd"}},
		{"/v1/images/generations", "", `{"model":"dall-e-3","prompt":"x","quality":"hd"}`, protocol.Order{ImageForm: "/hd"}},
		{"/v1/images/generations", "", `{"model":"dall-e-3","prompt":"x","size":7,"quality":null}`, protocol.Order{}},
		{"/v1/images/variations", "multipart/form-data; boundary=B", form, protocol.Order{ImageForm: "256x256"}},
		{"/v1/audio/transcriptions", "multipart/form-data; boundary=B", form, protocol.Order{}},
		{"/v1/embeddings", "", `{"model":"e","input":"some text"}`, protocol.Order{}},
		{"/v1/chat/completions", "", `{"model":"m","messages":[],"size":"1x1"}`, protocol.Order{}},
	} {
		for _, ep := range (openai.Format{}).Endpoints() {
			if ep.Path != row.path {
				continue
			}
			r, _ := http.NewRequest(http.MethodPost, row.path, strings.NewReader(row.body))
			r.Header.Set("Content-Type", row.contentType)
			got, err := openai.Format{}.ReadRequest(&ep, r, []byte(row.body))
			if err != nil || got.Order != row.want {
				t.Errorf("%s %s: %+v, want %+v (%v)", row.path, row.body, got.Order, row.want, err)
			}
		}
	}
}

func TestOrderCompletesUsage(t *testing.T) {
	order := protocol.Order{Characters: 7, ImageForm: "1x1"}
	for _, row := range []struct {
		op   ai.Operation
		u    ai.Usage
		want ai.Usage
	}{
		{ai.Audio, ai.Usage{}, ai.Usage{Characters: 7}},
		{ai.Audio, ai.Usage{Input: 3, Output: 4, Reported: true}, ai.Usage{Input: 3, Output: 4, Reported: true}},
		{ai.Audio, ai.Usage{AudioMillis: 5}, ai.Usage{AudioMillis: 5}},
		{ai.Image, ai.Usage{Images: 2}, ai.Usage{Images: 2, ImageForm: "1x1", Characters: 7}},
		{ai.Embed, ai.Usage{VendorCosted: true}, ai.Usage{VendorCosted: true, Characters: 7}},
		{ai.Generate, ai.Usage{}, ai.Usage{}}, // counted here if the provider does not
		{ai.Moderate, ai.Usage{}, ai.Usage{}}, // free
		{ai.CountTokens, ai.Usage{}, ai.Usage{}},
	} {
		order.Complete(row.op, &row.u)
		if !row.u.Equal(&row.want) {
			t.Errorf("%s: %+v, want %+v", row.op, row.u, row.want)
		}
	}
	for _, op := range []ai.Operation{ai.Audio, ai.Image, ai.Embed, ai.Rerank} {
		var u ai.Usage
		if (protocol.Order{}).Complete(op, &u); !u.Unmeasured {
			t.Errorf("%s without any number is taken for free: %+v", op, u)
		}
	}
}
