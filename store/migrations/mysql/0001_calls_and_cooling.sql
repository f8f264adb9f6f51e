-- See the file of the same name for SQLite for what the columns mean.
--
-- MySQL commits after each statement that defines something, so a step may break
-- off half-way. Each statement may therefore be run again: what it makes may be
-- there already, which is no error of a migration.
--
-- Texts in an index have at most 750 bytes, for a key has 3072 at most and
-- reckons four for each character. TiDB numbers rows in the order in which they
-- are written only without a cache of numbers in each of its servers.

CREATE TABLE IF NOT EXISTS calls (
	seq                 BIGINT        NOT NULL AUTO_INCREMENT PRIMARY KEY,
	id                  VARCHAR(750)  NOT NULL,
	time                BIGINT        NOT NULL,
	protocol            VARCHAR(750)  NOT NULL,
	operation           VARCHAR(750)  NOT NULL,
	model               VARCHAR(750)  NOT NULL,
	upstream_model      VARCHAR(750)  NOT NULL,
	token               VARCHAR(750)  NOT NULL,
	channel             VARCHAR(750)  NOT NULL,
	stream              TINYINT       NOT NULL,
	status              BIGINT        NOT NULL,
	outcome             VARCHAR(50)   NOT NULL,
	first_content_ns    BIGINT        NOT NULL,
	duration_ns         BIGINT        NOT NULL,
	input_tokens        BIGINT        NOT NULL,
	cached_input_tokens BIGINT        NOT NULL,
	cache_write_tokens  BIGINT        NOT NULL,
	output_tokens       BIGINT        NOT NULL,
	client_ip           VARCHAR(750)  NOT NULL,
	response_id         VARCHAR(750)  NOT NULL,
	candidate_set       VARBINARY(16),
	details             MEDIUMTEXT    NOT NULL,
	UNIQUE KEY calls_by_id (id),
	KEY calls_by_time (time),
	KEY calls_by_channel (channel, time),
	KEY calls_by_token (token, time),
	KEY calls_by_model (model, time),
	KEY calls_by_failure (outcome, time),
	KEY calls_by_response (response_id, time)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin /*T![auto_id_cache] AUTO_ID_CACHE=1 */;

CREATE TABLE IF NOT EXISTS candidate_sets (
	id        VARBINARY(16) NOT NULL PRIMARY KEY,
	names     MEDIUMTEXT    NOT NULL,
	last_used BIGINT        NOT NULL,
	KEY candidate_sets_by_use (last_used)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What an entry is known by is too long for a key, so nothing here keeps two of
-- the same apart: who saves holds the row of cooling in revisions.
CREATE TABLE IF NOT EXISTS cooling (
	id         BIGINT      NOT NULL AUTO_INCREMENT PRIMARY KEY,
	scope      VARCHAR(50) NOT NULL,
	channel    TEXT        NOT NULL,
	url        TEXT        NOT NULL,
	key_id     TEXT        NOT NULL,
	model      TEXT        NOT NULL,
	group_name TEXT        NOT NULL,
	protocol   TEXT        NOT NULL,
	until      BIGINT      NOT NULL,
	failures   BIGINT      NOT NULL,
	kind       VARCHAR(50) NOT NULL,
	rule       TEXT        NOT NULL,
	message    TEXT        NOT NULL,
	since      BIGINT      NOT NULL,
	attention  TINYINT     NOT NULL,
	KEY cooling_by_channel (channel(100), key_id(50))
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
