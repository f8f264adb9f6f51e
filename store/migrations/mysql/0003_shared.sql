-- What is made by the dashboard and its API, and shared by all nodes. See the
-- file of the same name for SQLite.

CREATE TABLE IF NOT EXISTS revisions (
	name  VARCHAR(20) NOT NULL PRIMARY KEY,
	value BIGINT      NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT IGNORE INTO revisions (name, value) VALUES ('config', 1);
INSERT IGNORE INTO revisions (name, value) VALUES ('cooling', 1);
INSERT IGNORE INTO revisions (name, value) VALUES ('leases', 1);

CREATE TABLE IF NOT EXISTS documents (
	kind    VARCHAR(20)  NOT NULL,
	name    VARCHAR(700) NOT NULL,
	body    MEDIUMTEXT   NOT NULL,
	created BIGINT       NOT NULL,
	updated BIGINT       NOT NULL,
	PRIMARY KEY (kind, name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS audit (
	id      BIGINT     NOT NULL AUTO_INCREMENT PRIMARY KEY,
	time    BIGINT     NOT NULL,
	actor   TEXT       NOT NULL,
	address TEXT       NOT NULL,
	action  TEXT       NOT NULL,
	kind    TEXT       NOT NULL,
	name    TEXT       NOT NULL,
	fields  MEDIUMTEXT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin /*T![auto_id_cache] AUTO_ID_CACHE=1 */;

CREATE TABLE IF NOT EXISTS sessions (
	hash       VARBINARY(64) NOT NULL PRIMARY KEY,
	role       VARCHAR(50)   NOT NULL,
	name       TEXT          NOT NULL,
	password   TEXT          NOT NULL,
	created    BIGINT        NOT NULL,
	expires    BIGINT        NOT NULL,
	address    TEXT          NOT NULL,
	user_agent TEXT          NOT NULL,
	KEY sessions_by_end (expires)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS leases (
	name    VARCHAR(700) NOT NULL,
	node    VARCHAR(60)  NOT NULL,
	amount  BIGINT       NOT NULL,
	wanted  BIGINT       NOT NULL,
	expires BIGINT       NOT NULL,
	PRIMARY KEY (name, node),
	KEY leases_by_end (expires)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
