package edge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// client asks a gateway.
type client struct {
	http.RoundTripper        // that neither adds nor decodes an encoding
	address           string // of the gateway
	header            http.Header
}

// plainly is a transport without encodings of its own.
func plainly() *http.Transport { return &http.Transport{DisableCompression: true} }

// send sends a request, with the token in the header that clients of this
// protocol use, unless the client has one of its own.
func (c *client) send(ctx context.Context, w *wire, body io.Reader, stream bool) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address+w.path(stream), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	secret := token
	if w.credentialName == "Authorization" {
		secret = "Bearer " + token
	}
	req.Header.Set(w.credentialName, secret)
	for name, values := range c.header {
		req.Header[name] = values
	}
	return c.RoundTrip(req)
}

// call wants a whole answer, and returns the response it came in.
func (c *client) call(t *testing.T, w *wire) *http.Response {
	t.Helper()
	resp, err := c.send(t.Context(), w, strings.NewReader(w.body("hi", false)), false)
	if err != nil {
		t.Fatalf("%s: %v", w.name, err)
	}
	defer resp.Body.Close()
	text, err := readAll(resp)
	if err != nil || resp.StatusCode != http.StatusOK || text != w.answer {
		t.Errorf("%s: status %d, %v: %.300s", w.name, resp.StatusCode, err, text)
	}
	return resp
}

// paced wants a stream whose pieces come one by one, and returns the response
// it came in. between is done before each piece but the first.
func (c *client) paced(t *testing.T, u *upstream, w *wire, name string, between func(piece int)) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p := u.pace(name)
	resp, err := c.send(ctx, w, strings.NewReader(w.body("pace "+name, true)), true)
	if err != nil {
		t.Fatalf("%s: %v", w.name, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := readAll(resp)
		t.Fatalf("%s: status %d: %.300s", w.name, resp.StatusCode, text)
	}
	text, err := readPaced(ctx, resp, p, between)
	if err != nil {
		t.Errorf("%s: after %d bytes of %q: %v", w.name, len(text), w.name, err)
		return resp
	}
	if text != strings.Join(w.pieces, "") {
		t.Errorf("%s: the client got\n%.2000s", w.name, text)
	}
	return resp
}

// readPaced reads a stream, and lets each piece come once the one before was
// read.
func readPaced(ctx context.Context, resp *http.Response, p *pace, between func(int)) (string, error) {
	body, err := decoded(resp)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	buffer := make([]byte, 64<<10)
	for piece := 1; piece < len(words); piece++ {
		for !strings.Contains(text.String(), fmt.Sprintf("word%d ", piece-1)) {
			n, err := body.Read(buffer)
			text.Write(buffer[:n])
			if err != nil {
				return text.String(), fmt.Errorf("before piece %d: %w", piece, err)
			}
		}
		if between != nil {
			between(piece)
		}
		select {
		case p.next <- struct{}{}:
		case <-p.gone:
			return text.String(), fmt.Errorf("the gateway gave the stream up before piece %d", piece)
		case <-ctx.Done():
			return text.String(), fmt.Errorf("before piece %d: %w", piece, ctx.Err())
		}
	}
	rest, err := io.ReadAll(body)
	text.Write(rest)
	return text.String(), err
}

// readAll reads an answer, decoded.
func readAll(resp *http.Response) (string, error) {
	body, err := decoded(resp)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(body)
	return string(text), err
}

// decoded is the body of an answer without its encoding.
func decoded(resp *http.Response) (io.Reader, error) {
	switch encoding := resp.Header.Get("Content-Encoding"); encoding {
	case "":
		return resp.Body, nil
	case "gzip":
		return gzip.NewReader(resp.Body)
	case "zstd":
		return zstd.NewReader(resp.Body, zstd.WithDecoderConcurrency(1))
	default:
		return nil, errors.New("unknown encoding " + encoding)
	}
}
