package store_test

import (
	"os"
	"testing"
)

// TestBigLog only fills the log of TestBigStore, for what is measured of whole
// programs: `make big-log`.
func TestBigLog(t *testing.T) {
	rows := bigRows(t)
	if rows == 0 || os.Getenv(bigDirVariable) == "" {
		t.Skipf("%s and %s say how large a log is wanted, and where", bigRowsVariable, bigDirVariable)
	}
	b := &bigStore{T: t, timed: true, path: bigPath(os.Getenv(bigDirVariable))}
	b.fill(rows)
	b.reopen()
	b.print()
}
