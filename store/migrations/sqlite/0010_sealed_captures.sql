-- Bodies of calls are sealed from here on. Those that were not are dropped, and
-- nothing of them stays in the file: freed pages are overwritten and given back.
PRAGMA secure_delete = ON;

DROP TABLE captures;

PRAGMA incremental_vacuum;

PRAGMA secure_delete = OFF;

CREATE TABLE captures (
	id     TEXT    NOT NULL PRIMARY KEY, -- of the call
	time   INTEGER NOT NULL,             -- when the call arrived
	size   INTEGER NOT NULL,             -- bytes of sealed
	sealed BLOB    NOT NULL
) STRICT;

CREATE INDEX captures_by_time ON captures (time, size);
