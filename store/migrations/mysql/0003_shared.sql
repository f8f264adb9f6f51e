-- What is made by the dashboard and its API, and shared by all nodes. See the
-- file of the same name for SQLite.

CREATE TABLE IF NOT EXISTS revisions (
	name  VARCHAR(20) NOT NULL PRIMARY KEY,
	value BIGINT      NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT IGNORE INTO revisions (name, value) VALUES ('config', 1);
INSERT IGNORE INTO revisions (name, value) VALUES ('cooling', 1);
INSERT IGNORE INTO revisions (name, value) VALUES ('leases', 1);

-- The name of an alias may have 256 characters.
CREATE TABLE IF NOT EXISTS documents (
	kind    VARCHAR(20)  NOT NULL,
	name    VARCHAR(256) NOT NULL,
	body    MEDIUMTEXT   NOT NULL,
	created BIGINT       NOT NULL,
	updated BIGINT       NOT NULL,
	PRIMARY KEY (kind, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS audit (
	id      BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
	time    BIGINT       NOT NULL,
	actor   VARCHAR(256) NOT NULL,
	address VARCHAR(100) NOT NULL,
	action  VARCHAR(40)  NOT NULL,
	kind    VARCHAR(20)  NOT NULL,
	name    VARCHAR(256) NOT NULL,
	fields  TEXT         NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
	hash       VARBINARY(32) NOT NULL PRIMARY KEY,
	role       VARCHAR(20)   NOT NULL,
	name       VARCHAR(256)  NOT NULL,
	password   VARCHAR(100)  NOT NULL,
	created    BIGINT        NOT NULL,
	expires    BIGINT        NOT NULL,
	address    VARCHAR(100)  NOT NULL,
	user_agent VARCHAR(400)  NOT NULL,
	KEY sessions_by_end (expires)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS leases (
	name    VARCHAR(256) NOT NULL,
	node    VARCHAR(40)  NOT NULL,
	amount  BIGINT       NOT NULL,
	wanted  BIGINT       NOT NULL,
	expires BIGINT       NOT NULL,
	PRIMARY KEY (name, node),
	KEY leases_by_end (expires)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
