-- What calls add up to, by minute, hour and day (UTC). level is the width of
-- what a row covers in seconds, start its begin. dims says which of the
-- dimensions the row tells apart, as bits: 1 channel, 2 key, 4 model, 8 token,
-- 16 protocol, 32 outcome; the others are empty. Each call is in one row of
-- each level for each of several values of dims, so that few rows answer what
-- is asked most. id is a hash of the dimensions. The sketches are of calls that
-- went well, empty for others, and last because sums do not read them.
CREATE TABLE rollups (
	level                INTEGER NOT NULL,
	dims                 INTEGER NOT NULL,
	start                INTEGER NOT NULL,
	id                   BLOB    NOT NULL,
	channel              TEXT    NOT NULL,
	key_id               TEXT    NOT NULL,
	model                TEXT    NOT NULL,
	token                TEXT    NOT NULL,
	protocol             TEXT    NOT NULL,
	outcome              TEXT    NOT NULL,
	calls                INTEGER NOT NULL,
	attempts             INTEGER NOT NULL,
	failed_over          INTEGER NOT NULL,
	streams              INTEGER NOT NULL,
	input_tokens         INTEGER NOT NULL,
	cached_input_tokens  INTEGER NOT NULL,
	cache_write_tokens   INTEGER NOT NULL,
	output_tokens        INTEGER NOT NULL,
	reasoning_tokens     INTEGER NOT NULL,
	cost                 INTEGER NOT NULL,
	list_cost            INTEGER NOT NULL,
	unpriced             INTEGER NOT NULL,
	estimated            INTEGER NOT NULL,
	duration_us          INTEGER NOT NULL,
	first_content_us     INTEGER NOT NULL,
	first_contents       INTEGER NOT NULL,
	duration_sketch      BLOB    NOT NULL,
	first_content_sketch BLOB    NOT NULL,
	PRIMARY KEY (level, dims, start, id)
) STRICT, WITHOUT ROWID;

-- What is not in the rollups yet: what batches of calls add up to by minute,
-- each row written in the transaction of its batch. Adding to the rollups
-- themselves with each batch would touch more rows than the batch has calls.
CREATE TABLE rollup_pending (
	id    INTEGER PRIMARY KEY,
	first INTEGER NOT NULL, -- minute
	last  INTEGER NOT NULL, -- minute
	data  BLOB    NOT NULL
) STRICT;

-- counted is the seq of the last call counted of those that were there before
-- this table, existing that of the last of them. Who moves what is pending
-- holds the row named fold.
CREATE TABLE rollup_state (
	name  TEXT    NOT NULL PRIMARY KEY,
	value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO rollup_state (name, value) VALUES ('fold', 0), ('counted', 0);
INSERT INTO rollup_state (name, value) SELECT 'existing', coalesce(max(seq), 0) FROM calls;
