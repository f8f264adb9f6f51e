-- See the file of the same name for SQLite.
ALTER TABLE cooling ADD COLUMN stated_until BIGINT NOT NULL DEFAULT 0;
