package fakeai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
)

// maxBody bounds what is read of a request, in bytes.
const maxBody = 256 << 20

// Request is a request as the provider saw it.
type Request struct {
	Time     time.Time
	Method   string
	Path     string
	RawQuery string
	Host     string
	Header   http.Header
	Body     []byte

	Protocol  ai.Protocol  // by its path
	Operation ai.Operation // by its path; empty: no endpoint
	Model     string       // from body or path
	ID        string       // of the stored response or the model that is asked for
	Stream    bool
	Array     bool      // a Gemini stream that is no SSE
	Key       string    // the upstream key, wherever it was
	Number    int       // counted from 1, over all requests
	OfKey     int       // the same, over those with this key
	Scenario  string    // the scenario it asks for
	Asked     Behaviour // the same, read

	// Usage is what the answer reported, as the gateway counts it. It is set
	// while the answer is made.
	Usage ai.Usage
	// ResponseID is the id of the answer.
	ResponseID string
	// Ended says that the answer has ended, Gone that the client left first.
	Ended, Gone bool

	sub string    // rest of the path after the id of a stored response
	in  inputData // what the answer depends on
}

// Generates reports whether the request asks a model for an answer.
func (r *Request) Generates() bool { return r.Operation == ai.Generate }

// readRequest reads all of a request.
func readRequest(r *http.Request) (*Request, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("reading a request: %w", err)
	}
	req := &Request{
		Time: time.Now(), Method: r.Method, Path: r.URL.Path, RawQuery: r.URL.RawQuery, Host: r.Host,
		Header: r.Header.Clone(), Body: body, Key: keyOf(r),
	}
	req.Scenario = scenarioOf(req)
	req.route()
	req.readBody()
	return req, nil
}

// keyOf is the credential of a request, wherever a format or vendor puts it.
func keyOf(r *http.Request) string {
	if k, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && k != "" {
		return k
	}
	for _, name := range []string{"X-Api-Key", "X-Goog-Api-Key", "Api-Key"} {
		if k := r.Header.Get(name); k != "" {
			return k
		}
	}
	return r.URL.Query().Get("key")
}

// endpoints are the fixed paths, without what is before them.
var endpoints = []struct {
	suffix    string
	protocol  ai.Protocol
	operation ai.Operation
}{
	{"/messages/count_tokens", ai.Anthropic, ai.CountTokens},
	{"/messages", ai.Anthropic, ai.Generate},
	{"/chat/completions", ai.OpenAI, ai.Generate},
	{"/completions", ai.OpenAI, ai.Complete},
	{"/embeddings", ai.OpenAI, ai.Embed},
	{"/images/generations", ai.OpenAI, ai.Image},
	{"/images/edits", ai.OpenAI, ai.Image},
	{"/images/variations", ai.OpenAI, ai.Image},
	{"/audio/speech", ai.OpenAI, ai.Audio},
	{"/audio/transcriptions", ai.OpenAI, ai.Audio},
	{"/audio/translations", ai.OpenAI, ai.Audio},
	{"/moderations", ai.OpenAI, ai.Moderate},
	{"/rerank", ai.OpenAI, ai.Rerank},
	{"/responses/compact", ai.Responses, ai.Compact},
	{"/responses/input_tokens", ai.Responses, ai.CountTokens},
	{"/responses", ai.Responses, ai.Generate},
}

// geminiMethods are what follows the colon of a Gemini path.
var geminiMethods = map[string]ai.Operation{
	"generateContent": ai.Generate, "streamGenerateContent": ai.Generate, "countTokens": ai.CountTokens,
	"embedContent": ai.Embed, "batchEmbedContents": ai.Embed,
}

// route finds out what a path asks for. Whatever is before the known part of
// it is taken as part of the base address.
func (r *Request) route() {
	if rest, ok := afterLast(r.Path, "/models"); ok {
		r.routeModels(rest)
		return
	}
	if rest, ok := afterLast(r.Path, "/responses/"); ok && r.Method != http.MethodPost || strings.HasSuffix(r.Path, "/cancel") {
		r.Protocol, r.Operation = ai.Responses, ai.StoredResponse
		r.ID, r.sub, _ = strings.Cut(rest, "/")
		return
	}
	for _, e := range endpoints {
		if strings.HasSuffix(r.Path, e.suffix) {
			r.Protocol = e.protocol
			if r.Method == http.MethodPost {
				r.Operation = e.operation
			}
			return
		}
	}
	r.Protocol = ai.OpenAI
	if r.Header.Get("Anthropic-Version") != "" {
		r.Protocol = ai.Anthropic
	}
}

// routeModels handles what follows /models: nothing, a name, or a Gemini name
// and method.
func (r *Request) routeModels(rest string) {
	name, method, isCall := strings.Cut(strings.TrimPrefix(rest, "/"), ":")
	gemini := strings.Contains(r.Path, "/v1beta/") && !strings.Contains(r.Path, "/openai/")
	switch {
	case isCall && geminiMethods[method] != "":
		r.Protocol, r.Model = ai.Gemini, name
		if r.Method == http.MethodPost {
			r.Operation = geminiMethods[method]
		}
		r.Stream = method == "streamGenerateContent"
		r.Array = r.Stream && !strings.Contains("&"+r.RawQuery, "&alt=sse")
		r.sub = method
		return
	case gemini:
		r.Protocol = ai.Gemini
	case r.Header.Get("Anthropic-Version") != "":
		r.Protocol = ai.Anthropic
	default:
		r.Protocol = ai.OpenAI
	}
	if r.Method != http.MethodGet {
		return
	}
	r.Operation, r.ID = ai.ListModels, strings.TrimPrefix(rest, "/")
	if r.ID != "" {
		r.Operation = ai.GetModel
	}
}

// afterLast is what stands behind the last sep.
func afterLast(s, sep string) (after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[i+len(sep):], true
	}
	return "", false
}

// readBody takes from the body what the answer depends on. A body that is not
// understood is noticed when it is answered.
func (r *Request) readBody() {
	if len(r.Body) == 0 {
		return
	}
	mediaType, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType == "multipart/form-data" {
		r.in.err = r.readForm(params["boundary"])
		return
	}
	r.in.err = json.Unmarshal(r.Body, &r.in)
	if r.Model == "" {
		r.Model = r.in.Model
	}
	r.Stream = r.Stream || r.in.Stream
}

func (r *Request) readForm(boundary string) error {
	form, err := multipart.NewReader(bytes.NewReader(r.Body), boundary).ReadForm(maxBody)
	if err != nil {
		return fmt.Errorf("reading a form: %w", err)
	}
	defer form.RemoveAll() //nolint:errcheck // nothing is kept on disk below the bound
	first := func(name string) string {
		if v := form.Value[name]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	r.Model, r.Stream = first("model"), first("stream") == "true"
	r.in.Prompt, _ = json.Marshal(first("prompt"))
	return nil
}
