-- Bodies of calls that were captured, for a short time, with secrets masked.
CREATE TABLE captures (
	id       TEXT    NOT NULL PRIMARY KEY, -- of the call
	time     INTEGER NOT NULL,             -- when the call arrived
	size     INTEGER NOT NULL,             -- bytes of the bodies
	cut      INTEGER NOT NULL,
	request  BLOB    NOT NULL,
	answer   BLOB    NOT NULL,
	upstream BLOB    NOT NULL
) STRICT;

CREATE INDEX captures_by_time ON captures (time, size);
