package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/ccload/ccload/bench/internal/traffic"
)

// client is one connection with a reader of its own: what net/http would cost
// here would be missing where it is measured.
type client struct {
	addr string
	conn net.Conn
	r    *bufio.Reader
	body []byte // of the last answer

	request func(n int64) []byte
}

// reply is what one exchange showed.
type reply struct {
	status int
	first  time.Time       // when the head had come
	late   []time.Duration // of each event but the first, behind the upstream's schedule
}

// exchangeTimeout bounds one exchange; the longest stream takes 10 s.
const exchangeTimeout = 40 * time.Second

func (c *client) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// do sends a request and reads the answer into c.body. gap is the time between
// the events of a stream, if their lateness is to be measured.
func (c *client) do(request []byte, gap time.Duration) (rp reply, err error) {
	if c.conn == nil {
		if c.conn, err = net.DialTimeout("tcp", c.addr, 5*time.Second); err != nil {
			return rp, err
		}
		c.r = bufio.NewReaderSize(c.conn, 16<<10)
	}
	if err = c.conn.SetDeadline(time.Now().Add(exchangeTimeout)); err != nil {
		return rp, err
	}
	if _, err = c.conn.Write(request); err != nil {
		return rp, fmt.Errorf("sending: %w", err)
	}
	length, err := c.head(&rp)
	if err != nil {
		return rp, fmt.Errorf("reading the head: %w", err)
	}
	rp.first = time.Now()
	c.body = c.body[:0]
	if length >= 0 {
		err = c.take(length)
	} else {
		err = c.chunks(&rp, gap)
	}
	if err != nil {
		return rp, fmt.Errorf("reading the body: %w", err)
	}
	return rp, nil
}

// head reads status and headers; length is -1 for a chunked body.
func (c *client) head(rp *reply) (length int, err error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, errors.New("no status line")
	}
	if rp.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			return length, nil
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			length = -1
		}
	}
}

// take reads n bytes of body.
func (c *client) take(n int) error {
	have := len(c.body)
	c.body = append(c.body, make([]byte, n)...)
	_, err := io.ReadFull(c.r, c.body[have:])
	return err
}

func (c *client) chunks(rp *reply, gap time.Duration) error {
	var begun time.Time
	events, seen := 0, 0
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return err
		}
		if err := c.take(int(n)); err != nil {
			return err
		}
		if _, err := c.r.Discard(2); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		if gap == 0 {
			continue
		}
		now := time.Now()
		for ; ; events++ {
			// The search begins after the last mark found: a chunk may cut one.
			i := bytes.Index(c.body[seen:], []byte(traffic.DeltaMark))
			if i < 0 {
				break
			}
			seen += i + len(traffic.DeltaMark)
			if events == 0 {
				begun = now
				continue
			}
			rp.late = append(rp.late, max(0, now.Sub(begun)-time.Duration(events)*gap))
		}
	}
}
