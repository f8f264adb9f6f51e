-- Money is in nano-dollars: a billion of them are one US dollar.

ALTER TABLE calls ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;
-- The day (YYYYMMDD) in the time zone of budgets, on which the call counts.
ALTER TABLE calls ADD COLUMN day INTEGER NOT NULL DEFAULT 0;

-- What was spent, kept in the transaction of the calls that spent it. It stays
-- when they are pruned.
CREATE TABLE spent (
	name   TEXT    NOT NULL, -- token/… or channel/…
	day    INTEGER NOT NULL,
	amount INTEGER NOT NULL,
	PRIMARY KEY (name, day)
) STRICT, WITHOUT ROWID;

-- Small things that are learned and worth keeping, each under its name.
CREATE TABLE memories (
	name  TEXT    NOT NULL PRIMARY KEY,
	value BLOB    NOT NULL,
	saved INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
