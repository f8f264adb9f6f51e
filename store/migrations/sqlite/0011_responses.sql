-- Responses that a translation made, for clients that refer to them.
CREATE TABLE responses (
	id       TEXT    NOT NULL PRIMARY KEY,
	token    TEXT    NOT NULL, -- whose it is
	time     INTEGER NOT NULL, -- when it was made, or last continued
	previous TEXT    NOT NULL, -- the response that it continues
	size     INTEGER NOT NULL, -- bytes of what is sealed
	sealed   BLOB    NOT NULL
) STRICT;

CREATE INDEX responses_by_time ON responses (time, size);
CREATE INDEX responses_by_token ON responses (token);
