-- Who the nodes are that use this database. See the file of the same name for
-- SQLite.

CREATE TABLE IF NOT EXISTS nodes (
	id      VARCHAR(60)  NOT NULL PRIMARY KEY,
	name    VARCHAR(255) NOT NULL,
	version VARCHAR(100) NOT NULL,
	since   BIGINT       NOT NULL,
	seen    BIGINT       NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
