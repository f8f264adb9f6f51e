-- Bodies of calls are sealed from here on. Those that were not are dropped.
DROP TABLE IF EXISTS captures;

CREATE TABLE IF NOT EXISTS captures (
	id     VARCHAR(64) NOT NULL PRIMARY KEY, -- of the call
	time   BIGINT      NOT NULL,             -- when the call arrived
	size   BIGINT      NOT NULL,             -- bytes of sealed
	sealed LONGBLOB    NOT NULL,
	KEY captures_by_time (time, size)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
