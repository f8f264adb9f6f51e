-- What is made by the dashboard and its API, and shared by all nodes.

-- Each change of what a name stands for raises its number, so that nodes see
-- with one cheap question whether there is something new.
CREATE TABLE revisions (
	name  TEXT    NOT NULL PRIMARY KEY, -- config, cooling, leases
	value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO revisions (name, value) VALUES ('config', 1);
INSERT INTO revisions (name, value) VALUES ('cooling', 1);
INSERT INTO revisions (name, value) VALUES ('leases', 1);

-- Channels, tokens, aliases and settings. Secrets in body are sealed or hashed.
CREATE TABLE documents (
	kind    TEXT    NOT NULL,
	name    TEXT    NOT NULL,
	body    TEXT    NOT NULL, -- JSON
	created INTEGER NOT NULL,
	updated INTEGER NOT NULL,
	PRIMARY KEY (kind, name)
) STRICT;

-- Who changed what, and when; never what a secret was.
CREATE TABLE audit (
	id      INTEGER PRIMARY KEY,
	time    INTEGER NOT NULL,
	actor   TEXT    NOT NULL, -- operator, command, …
	address TEXT    NOT NULL, -- where the request came from
	action  TEXT    NOT NULL, -- create, change, remove, …
	kind    TEXT    NOT NULL,
	name    TEXT    NOT NULL,
	fields  TEXT    NOT NULL  -- JSON list of the settings that changed
) STRICT;

-- Logins to the dashboard, by the hash of what the cookie holds.
CREATE TABLE sessions (
	hash       BLOB    NOT NULL PRIMARY KEY,
	role       TEXT    NOT NULL,
	name       TEXT    NOT NULL, -- of the token, for its holder's sessions
	password   TEXT    NOT NULL, -- which password it was made with
	created    INTEGER NOT NULL,
	expires    INTEGER NOT NULL,
	address    TEXT    NOT NULL,
	user_agent TEXT    NOT NULL
) STRICT;

CREATE INDEX sessions_by_end ON sessions (expires);

-- Shares of limits that nodes have taken, until they expire. The name "node"
-- says that a node is there; its amount is 1 once it takes shares.
CREATE TABLE leases (
	name    TEXT    NOT NULL, -- of the limit
	node    TEXT    NOT NULL,
	amount  INTEGER NOT NULL,
	wanted  INTEGER NOT NULL, -- what the node would have taken
	expires INTEGER NOT NULL,
	PRIMARY KEY (name, node)
) STRICT;

CREATE INDEX leases_by_end ON leases (expires);
