package relay

// sampleMost is how many bytes of a stream's contents are kept as a sample.
const sampleMost = 4 << 10

// sample is what an answer said, as far as it takes to estimate its tokens
// where the provider does not count them: the first of its content, and how
// much there was in all. Copying a little of every stream is cheaper than
// reading all of it on the chance that its client hangs up.
type sample struct {
	events *[]byte // data of events, with a line feed behind each
	kept   int64   // bytes of data in events
	total  int64   // bytes of data there were
}

func (s *sample) add(data []byte) {
	s.total += int64(len(data))
	if s.events == nil {
		s.events = getBuffer(sampleMost)
	}
	if len(*s.events)+len(data) < sampleMost {
		s.kept += int64(len(data))
		*s.events = append(append(*s.events, data...), '\n')
	}
}

func (s *sample) release() {
	if s.events != nil {
		putBuffer(s.events)
		s.events = nil
	}
}

// Said is what the answer said: the data of some events with content, one in a
// line, or a whole body, and by how much that is to be multiplied to make up
// for what is not there. It is valid until Close. There is none of an opaque
// answer.
func (a *Answer) Said() (text []byte, times float64) {
	switch {
	case a.form == whole && a.held != nil:
		return *a.held, 1
	case a.form == large && a.rest != nil && len(a.rest.text) > 0:
		return a.rest.text, 1
	case a.form == stream && a.sample.kept > 0:
		return *a.sample.events, float64(a.sample.total) / float64(a.sample.kept)
	}
	return nil, 0
}
