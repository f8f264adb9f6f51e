-- See the file of the same name for SQLite.

ALTER TABLE calls ADD COLUMN cost BIGINT NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN day BIGINT NOT NULL DEFAULT 0;

-- A name is that of a token or channel with a few characters before it.
CREATE TABLE IF NOT EXISTS spent (
	name   VARCHAR(760) NOT NULL,
	day    BIGINT       NOT NULL,
	amount BIGINT       NOT NULL,
	PRIMARY KEY (name, day)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS memories (
	name  VARCHAR(200) NOT NULL PRIMARY KEY,
	value MEDIUMBLOB   NOT NULL,
	saved BIGINT       NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
