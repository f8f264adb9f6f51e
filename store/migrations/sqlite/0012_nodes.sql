-- Who the nodes are that use this database, for people. Whether one counts is
-- in leases.
CREATE TABLE nodes (
	id      TEXT    NOT NULL PRIMARY KEY,
	name    TEXT    NOT NULL, -- of the machine
	version TEXT    NOT NULL,
	since   INTEGER NOT NULL,
	seen    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
