package store

import (
	"context"
	"fmt"
)

// FillDisk lets the database grow by no more than so many pages.
func (s *SQLite) FillDisk(ctx context.Context, pages int) error {
	c, err := s.connections()
	if err != nil {
		return err
	}
	size, err := sizeOf(ctx, c.read)
	if err != nil {
		return err
	}
	_, err = c.write.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count(%d)", size.pages+int64(pages)))
	return err
}
