-- Bodies of calls that were captured, for a short time, with secrets masked.
CREATE TABLE IF NOT EXISTS captures (
	id       VARCHAR(64) NOT NULL PRIMARY KEY, -- of the call
	time     BIGINT      NOT NULL,             -- when the call arrived
	size     BIGINT      NOT NULL,             -- bytes of the bodies
	cut      BIGINT      NOT NULL,
	request  LONGBLOB    NOT NULL,
	answer   LONGBLOB    NOT NULL,
	upstream LONGBLOB    NOT NULL,
	KEY captures_by_time (time, size)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
