package ledger

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

const (
	frameHead = 8
	maxFrame  = 16 << 20 // bytes of a record
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sealFrame completes a frame of which all but the head is there.
func sealFrame(frame []byte) {
	text := frame[frameHead:]
	binary.BigEndian.PutUint32(frame, uint32(len(text))) //nolint:gosec // bounded
	binary.BigEndian.PutUint32(frame[4:], crc32.Checksum(text, castagnoli))
}

// frameLength is the length of the text of a whole frame.
func frameLength(b []byte) int { return int(binary.BigEndian.Uint32(b)) }

// frameReader reads the whole frames of a file and skips what is damaged
// between them.
type frameReader struct {
	file    *os.File
	in      *bufio.Reader
	at, end int64 // of the next frame, and of the file
	lost    int   // records that were skipped, at least
	damaged bool  // something other than a cut off end was skipped
}

// openFrames opens a file; its first end bytes are read, all of them if end is
// negative.
func openFrames(name string, end int64) (*frameReader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if end < 0 {
		info, err := f.Stat()
		if err != nil {
			_ = f.Close()
			return nil, err
		}
		end = info.Size()
	}
	return &frameReader{file: f, in: bufio.NewReaderSize(f, 64<<10), end: end}, nil
}

func (r *frameReader) close() { _ = r.file.Close() }

// next returns the next whole frame's text, and io.EOF at the end.
func (r *frameReader) next() ([]byte, error) {
	for r.at < r.end {
		text, err := r.read()
		if err == nil {
			r.at += int64(frameHead + len(text))
			return text, nil
		}
		if !errors.Is(err, errBroken) {
			return nil, err
		}
		if err := r.skip(); err != nil {
			return nil, err
		}
	}
	return nil, io.EOF
}

// errBroken says that no whole frame is where one should be.
var errBroken = errors.New("a frame is damaged")

func (r *frameReader) read() ([]byte, error) {
	var head [frameHead]byte
	if r.end-r.at < frameHead {
		return nil, errBroken
	}
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return nil, cutOff(err)
	}
	length := binary.BigEndian.Uint32(head[:4])
	if length == 0 || length > maxFrame || int64(length) > r.end-r.at-frameHead {
		return nil, errBroken
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r.in, text); err != nil {
		return nil, cutOff(err)
	}
	if crc32.Checksum(text, castagnoli) != binary.BigEndian.Uint32(head[4:]) {
		return nil, errBroken
	}
	return text, nil
}

// cutOff tells a file that has become shorter from one that cannot be read.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errBroken
	}
	return err
}

// skip goes to the next whole frame behind the broken one, or to the end.
func (r *frameReader) skip() error {
	rest := make([]byte, r.end-r.at)
	n, err := r.file.ReadAt(rest, r.at)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("looking behind a damaged record: %w", err)
	}
	rest = rest[:n]
	gap := nextFrame(rest)
	if gap < 0 {
		gap = len(rest)
		r.damaged = r.damaged || !isCutOff(rest)
		r.at = r.end
	} else {
		r.damaged = true
		r.at += int64(gap)
	}
	r.lost += framesIn(rest[:gap])
	if _, err := r.file.Seek(r.at, io.SeekStart); err != nil {
		return fmt.Errorf("looking behind a damaged record: %w", err)
	}
	r.in.Reset(r.file)
	return nil
}

// nextFrame is where the first whole frame behind the one at 0 begins, -1 if
// there is none. A record is a JSON object, which holds no zero byte, while the
// length of a frame begins with one: nothing within a record looks like a
// frame.
func nextFrame(b []byte) int {
	for at := 1; at+frameHead < len(b); at++ {
		length := int(binary.BigEndian.Uint32(b[at:]))
		if length == 0 || length > maxFrame || length > len(b)-at-frameHead {
			continue
		}
		text := b[at+frameHead:][:length]
		if text[0] == '{' && text[length-1] == '}' && crc32.Checksum(text, castagnoli) == binary.BigEndian.Uint32(b[at+4:]) {
			return at
		}
	}
	return -1
}

// framesIn counts the records of a damaged stretch by their beginnings: a length
// below 2 MB, whose two first bytes no text holds, and eight bytes on an object.
// One that has lost these too is not seen, but where nothing is recognised there
// was one. What stands of calls under way, and lists of channels, are no records
// of their own. Zeros are none: a file system may leave them where a machine
// lost power.
func framesIn(b []byte) (n int) {
	if len(bytes.Trim(b, "\x00")) == 0 {
		return 0
	}
	seen := false
	for at := range max(0, len(b)-frameHead-2) {
		if b[at] == 0 && b[at+1] < 0x20 && b[at+frameHead] == '{' && b[at+frameHead+1] == '"' {
			seen = true
			if kind := b[at+frameHead+2]; kind != 'o' && kind != 's' {
				n++
			}
		}
	}
	if !seen {
		return 1
	}
	return n
}

// isCutOff reports whether the end of a file is what a process leaves that dies
// while it writes: zeros, or a frame that is not there to its end.
func isCutOff(b []byte) bool {
	if len(bytes.Trim(b, "\x00")) == 0 || len(b) < frameHead {
		return true
	}
	length := int(binary.BigEndian.Uint32(b))
	text := bytes.TrimRight(b[frameHead:], "\x00")
	return length > len(b)-frameHead && length <= maxFrame && !json.Valid(text) || len(text) == 0
}
