// Command vocab turns one of OpenAI's published vocabularies into the compact
// file that package tokens embeds:
//
//	go run ./tokens/internal/vocab o200k_base.tiktoken tokens/data/o200k_base.bin
//
// The input is a .tiktoken file as the tiktoken library (MIT) loads it: one
// token per line, base64 and rank, ranks running from 0 without a gap. The Go
// module github.com/pkoukk/tiktoken-go-loader carries copies of them in its
// folder assets; `go mod download` in a scratch module fetches it.
//
// The output is a DEFLATE stream of: the number of tokens (4 bytes, little
// endian), the length of each token (1 byte) in the order of their ranks, and
// the tokens' bytes. Lengths stand apart because that compresses better. A
// file is the same whenever it is made from the same input by the same Go.
package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: vocab IN.tiktoken OUT.bin")
		os.Exit(2)
	}
	if err := convert(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "vocab:", err)
		os.Exit(1)
	}
}

func convert(in, out string) error {
	text, err := os.ReadFile(in) //nolint:gosec // the path is the operator's own argument
	if err != nil {
		return err
	}
	lengths, words, err := parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return err
	}
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(lengths))) //nolint:gosec // some 200,000
	for _, part := range [][]byte{head, lengths, words} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(out, packed.Bytes(), 0o644) //nolint:gosec // a source file, for everyone to read
}

// parse returns the tokens' lengths and their bytes.
func parse(text []byte) (lengths, words []byte, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 0; lines.Scan(); n++ {
		word, rank, ok := bytes.Cut(lines.Bytes(), []byte(" "))
		if !ok {
			return nil, nil, fmt.Errorf("line %d has no rank", n+1)
		}
		if got, err := strconv.Atoi(string(rank)); err != nil || got != n {
			return nil, nil, fmt.Errorf("line %d has rank %s, want %d", n+1, rank, n)
		}
		token, err := base64.StdEncoding.AppendDecode(nil, word)
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		if len(token) == 0 || len(token) > 255 {
			return nil, nil, fmt.Errorf("line %d: a token of %d bytes", n+1, len(token))
		}
		lengths, words = append(lengths, byte(len(token))), append(words, token...) //nolint:gosec // checked above
	}
	if len(lengths) == 0 {
		return nil, nil, errors.New("no tokens")
	}
	return lengths, words, lines.Err()
}
