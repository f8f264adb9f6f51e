package traffic

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
	"time"
)

// Serve answers on a listener as a scenario says, with as little work as
// possible so that there is room for what is measured. It returns when the
// listener fails or is closed.
func Serve(ln net.Listener, s *Scenario) error {
	a := newCanned(s)
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go a.serve(conn)
	}
}

// canned is an answer ready to be written.
type canned struct {
	whole  []byte   // head and body
	chunks [][]byte // of a stream, the first with the head, the last with the end
	gap    time.Duration
}

func newCanned(s *Scenario) *canned {
	if !s.Stream {
		return &canned{whole: []byte(s.head() + s.Body())}
	}
	c := &canned{gap: s.Gap}
	for _, p := range s.parts() {
		c.chunks = append(c.chunks, fmt.Appendf(nil, "%x\r\n%s\r\n", len(p), p))
	}
	c.chunks[0] = append([]byte(s.head()), c.chunks[0]...)
	c.chunks[len(c.chunks)-1] = append(c.chunks[len(c.chunks)-1], "0\r\n\r\n"...)
	return c
}

func (c *canned) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 32<<10)
	for {
		if err := skipRequest(r); err != nil {
			return
		}
		if err := c.write(conn); err != nil {
			return
		}
	}
}

func (c *canned) write(conn net.Conn) error {
	if c.whole != nil {
		_, err := conn.Write(c.whole)
		return err
	}
	begun := time.Now()
	for i, chunk := range c.chunks {
		if c.gap > 0 {
			time.Sleep(time.Until(begun.Add(time.Duration(i) * c.gap)))
		}
		if _, err := conn.Write(chunk); err != nil {
			return err
		}
	}
	return nil
}

// skipRequest reads one request and forgets it.
func skipRequest(r *bufio.Reader) error {
	length, chunked := 0, false
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
	if !chunked {
		_, err := r.Discard(length)
		return err
	}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return err
		}
		if _, err := r.Discard(int(n) + 2); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}
