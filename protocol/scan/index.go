package scan

import "math"

// Indexed is how many members an Index has room for. Requests have fewer.
const Indexed = 16

// Index is where the members of an object lie, so that whoever reads the object
// after it was walked need not walk it again. The zero value is one of no object.
type Index struct {
	// Each call of the gateway holds one, so it is small: where a value begins
	// follows from where its key ends.
	key, end [Indexed]uint32
	length   [Indexed]uint16 // of the key
	count    uint16
}

// Add notes a member of b as Members gives it.
func (x *Index) Add(b, key []byte, _, end int) {
	if x.count >= Indexed || uint64(end) > math.MaxUint32 || len(key) > math.MaxUint16 {
		x.count = Indexed + 1
		return
	}
	at := cap(b) - cap(key)                                                                       // key is a part of b
	x.key[x.count], x.length[x.count], x.end[x.count] = uint32(at), uint16(len(key)), uint32(end) //nolint:gosec // before end
	x.count++
}

// Complete reports whether every member that was added had room, and there was
// one.
func (x *Index) Complete() bool { return x.count > 0 && x.count <= Indexed }

// Each gives the members of b, the object that the index was made of, in their
// order.
func (x *Index) Each(b []byte, fn func(key, value []byte)) {
	for i := range min(int(x.count), Indexed) {
		from := int(x.key[i])
		to := from + int(x.length[i])
		colon := space(b, to+1)
		fn(b[from:to], b[space(b, colon+1):x.end[i]])
	}
}

// Element is where the first element of the array b lies, if i is 0, or else the
// one behind the element that ends at i: so an array can be walked from the
// middle. It is for text that has been validated, as FindElement is; ok is false
// behind the last element.
func Element(b []byte, i int) (start, end int, ok bool) {
	i = space(b, i)
	if i >= len(b) || b[i] != ',' && (b[i] != '[' || i != space(b, 0)) {
		return 0, 0, false
	}
	start = space(b, i+1)
	end, err := value(b, start, 0)
	if err != nil {
		return 0, 0, false
	}
	return start, end, true
}
