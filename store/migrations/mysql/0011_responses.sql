-- Responses that a translation made, for clients that refer to them.
CREATE TABLE IF NOT EXISTS responses (
	id       VARCHAR(64)  NOT NULL PRIMARY KEY,
	token    VARCHAR(250) NOT NULL, -- whose it is
	time     BIGINT       NOT NULL, -- when it was made, or last continued
	previous VARCHAR(64)  NOT NULL, -- the response that it continues
	size     BIGINT       NOT NULL, -- bytes of what is sealed
	sealed   LONGBLOB     NOT NULL,
	KEY responses_by_time (time, size),
	KEY responses_by_token (token)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
