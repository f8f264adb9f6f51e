package store

import (
	"encoding/binary"
	"errors"
	"math"
)

// pendingVersion is the first byte of pending groups. They are written as the
// texts that occur in them, each once, and then group by group: its minute, the
// places of its texts, its counters and its sketches.
const pendingVersion = 1

// encode writes groups, and says from which to which minute they are.
func (g groups) encode() (data []byte, first, last int64) {
	first, last = math.MaxInt64, math.MinInt64
	places := make(map[string]uint64)
	var texts, list, scratch []byte
	for key, s := range g {
		first, last = min(first, key.start), max(last, key.start)
		list = binary.AppendUvarint(list, uint64(key.start/int64(minutely))) //nolint:gosec // never below 1970
		for _, text := range key.values {
			place, known := places[text]
			if !known {
				place = uint64(len(places))
				places[text] = place
				texts = binary.AppendUvarint(texts, uint64(len(text)))
				texts = append(texts, text...)
			}
			list = binary.AppendUvarint(list, place)
		}
		for _, n := range s.counts {
			list = binary.AppendVarint(list, n)
		}
		for _, sketch := range []interface {
			AppendBinary(b []byte) ([]byte, error)
		}{&s.duration, &s.firstContent} {
			scratch, _ = sketch.AppendBinary(scratch[:0]) // it cannot fail
			list = binary.AppendUvarint(list, uint64(len(scratch)))
			list = append(list, scratch...)
		}
	}
	data = append(data, pendingVersion)
	data = binary.AppendUvarint(data, uint64(len(places)))
	data = append(data, texts...)
	data = binary.AppendUvarint(data, uint64(len(g)))
	return append(data, list...), first, last
}

var errPending = errors.New("the pending statistics are damaged")

// decodePending calls each for the groups that were encoded; the sums are its
// own only until it returns.
func decodePending(data []byte, each func(key group, s *sums) error) error {
	d := decoder{data: data}
	if d.uvarint() != pendingVersion {
		return errPending
	}
	texts := make([]string, d.length())
	for i := range texts {
		texts[i] = string(d.bytes())
	}
	for n := d.length(); n > 0 && !d.bad; n-- {
		var key group
		var s sums
		minute := d.uvarint()
		if minute > uint64(math.MaxInt64/minutely) {
			return errPending
		}
		key.start = int64(minute) * int64(minutely)
		for i := range key.values {
			place := d.uvarint()
			if place >= uint64(len(texts)) {
				return errPending
			}
			key.values[i] = texts[place]
		}
		for i := range s.counts {
			s.counts[i] = d.varint()
		}
		if err := errors.Join(s.duration.UnmarshalBinary(d.bytes()), s.firstContent.UnmarshalBinary(d.bytes())); err != nil || d.bad {
			return errors.Join(errPending, err)
		}
		if err := each(key, &s); err != nil {
			return err
		}
	}
	if d.bad || len(d.data) > 0 {
		return errPending
	}
	return nil
}

// decoder reads numbers and bytes. When there are too few it is bad, and
// everything is 0.
type decoder struct {
	data []byte
	bad  bool
}

func (d *decoder) advance(n int) bool {
	if d.bad = d.bad || n <= 0; d.bad {
		d.data = nil
		return false
	}
	d.data = d.data[n:]
	return true
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.data)
	if !d.advance(n) {
		return 0
	}
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.data)
	if !d.advance(n) {
		return 0
	}
	return v
}

// length reads how many of something follow, each at least a byte.
func (d *decoder) length() int {
	n := d.uvarint()
	if n > uint64(len(d.data)) {
		d.bad, d.data = true, nil
		return 0
	}
	return int(n) //nolint:gosec // no more than there are bytes
}

func (d *decoder) bytes() []byte {
	n := d.length()
	b := d.data[:n]
	d.data = d.data[n:]
	return b
}
