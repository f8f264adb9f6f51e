-- What calls add up to, by minute, hour and day (UTC). level is the width of
-- what a row covers in seconds, start its begin. dims says which of the
-- dimensions the row tells apart, as bits: 1 channel, 2 key, 4 model, 8 token,
-- 16 protocol, 32 outcome; the others are empty. Each call is in one row of
-- each level for each of several values of dims, so that few rows answer what
-- is asked most. id is a hash of the dimensions. The sketches are of calls that
-- went well, empty for others, and last because sums do not read them.
CREATE TABLE IF NOT EXISTS rollups (
	level                BIGINT       NOT NULL,
	dims                 BIGINT       NOT NULL,
	start                BIGINT       NOT NULL,
	id                   VARBINARY(16) NOT NULL,
	channel              VARCHAR(200)  NOT NULL,
	key_id               VARCHAR(200) NOT NULL,
	model                VARCHAR(200) NOT NULL,
	token                VARCHAR(200) NOT NULL,
	protocol             VARCHAR(200) NOT NULL,
	outcome              VARCHAR(200) NOT NULL,
	calls                BIGINT       NOT NULL,
	attempts             BIGINT       NOT NULL,
	failed_over          BIGINT       NOT NULL,
	streams              BIGINT       NOT NULL,
	input_tokens         BIGINT       NOT NULL,
	cached_input_tokens  BIGINT       NOT NULL,
	cache_write_tokens   BIGINT       NOT NULL,
	output_tokens        BIGINT       NOT NULL,
	reasoning_tokens     BIGINT       NOT NULL,
	cost                 BIGINT       NOT NULL,
	list_cost            BIGINT       NOT NULL,
	unpriced             BIGINT       NOT NULL,
	estimated            BIGINT       NOT NULL,
	duration_us          BIGINT       NOT NULL,
	first_content_us     BIGINT       NOT NULL,
	first_contents       BIGINT       NOT NULL,
	duration_sketch      BLOB         NOT NULL,
	first_content_sketch BLOB         NOT NULL,
	PRIMARY KEY (level, dims, start, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What is not in the rollups yet: what batches of calls add up to by minute,
-- each row written in the transaction of its batch. Adding to the rollups
-- themselves with each batch would touch more rows than the batch has calls.
CREATE TABLE IF NOT EXISTS rollup_pending (
	id    BIGINT       NOT NULL PRIMARY KEY,
	first BIGINT       NOT NULL, -- minute
	last  BIGINT       NOT NULL, -- minute
	data  MEDIUMBLOB   NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- counted is the seq of the last call counted of those that were there before
-- this table, existing that of the last of them. Who moves what is pending
-- holds the row named fold.
CREATE TABLE IF NOT EXISTS rollup_state (
	name  VARCHAR(32)  NOT NULL PRIMARY KEY,
	value BIGINT       NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT IGNORE INTO rollup_state (name, value) VALUES ('fold', 0), ('counted', 0);
INSERT IGNORE INTO rollup_state (name, value) SELECT 'existing', coalesce(max(seq), 0) FROM calls;
