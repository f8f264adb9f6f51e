package ledger

import "testing"

// A chunk that several let go of is kept for later once: two records that stood
// in the same memory would spoil each other.
func TestAChunkIsKeptOnce(t *testing.T) {
	var j journal
	c := j.newChunk(10)
	c.retired = true
	j.drop(c)
	j.drop(c)
	if len(j.spare) != 1 {
		t.Errorf("%d chunks are kept", len(j.spare))
	}
	if a, b := j.newChunk(10), j.newChunk(10); a == b {
		t.Error("two have the same chunk")
	}
}
