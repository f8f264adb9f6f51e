-- Moments are nanoseconds since 1970 in UTC, 0 for none; columns that end in
-- _ns are durations in nanoseconds; flags are 0 or 1.

-- One row is one call with all that is known of it. seq is the order in which
-- calls ended, time when they arrived. What is not filtered or summed stands in
-- details, because each column costs time when a row is written.
CREATE TABLE calls (
	seq                 INTEGER PRIMARY KEY,
	id                  TEXT    NOT NULL,
	time                INTEGER NOT NULL,
	protocol            TEXT    NOT NULL,
	operation           TEXT    NOT NULL,
	model               TEXT    NOT NULL,
	upstream_model      TEXT    NOT NULL,
	token               TEXT    NOT NULL,
	channel             TEXT    NOT NULL,
	stream              INTEGER NOT NULL,
	status              INTEGER NOT NULL,
	outcome             TEXT    NOT NULL,
	first_content_ns    INTEGER NOT NULL,
	duration_ns         INTEGER NOT NULL,
	input_tokens        INTEGER NOT NULL,
	cached_input_tokens INTEGER NOT NULL,
	cache_write_tokens  INTEGER NOT NULL,
	output_tokens       INTEGER NOT NULL,
	client_ip           TEXT    NOT NULL,
	response_id         TEXT    NOT NULL,
	candidate_set       BLOB,             -- NULL where there were no candidates
	details             TEXT    NOT NULL  -- JSON: attempts, who was left out, the rest of usage, …
) STRICT;

CREATE UNIQUE INDEX calls_by_id ON calls (id);
CREATE INDEX calls_by_time ON calls (time);
CREATE INDEX calls_by_channel ON calls (channel, time);
CREATE INDEX calls_by_token ON calls (token, time);
CREATE INDEX calls_by_model ON calls (model, time);
CREATE INDEX calls_by_failure ON calls (outcome, time) WHERE outcome <> 'ok';
CREATE INDEX calls_by_response ON calls (response_id, time) WHERE response_id <> '';

-- The channels that could serve a call, in their order. No call that refers to
-- a set arrived after its last_used, so a set older than every call is free.
CREATE TABLE candidate_sets (
	id        BLOB    NOT NULL PRIMARY KEY, -- hash of names
	names     TEXT    NOT NULL,             -- JSON
	last_used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX candidate_sets_by_use ON candidate_sets (last_used);

CREATE TABLE cooling (
	scope      TEXT    NOT NULL,
	channel    TEXT    NOT NULL,
	url        TEXT    NOT NULL,
	key_id     TEXT    NOT NULL,
	model      TEXT    NOT NULL,
	group_name TEXT    NOT NULL,
	protocol   TEXT    NOT NULL,
	until      INTEGER NOT NULL,
	failures   INTEGER NOT NULL,
	kind       TEXT    NOT NULL,
	rule       TEXT    NOT NULL,
	message    TEXT    NOT NULL,
	since      INTEGER NOT NULL,
	attention  INTEGER NOT NULL,
	PRIMARY KEY (scope, channel, url, key_id, model, group_name, protocol)
) STRICT, WITHOUT ROWID;
