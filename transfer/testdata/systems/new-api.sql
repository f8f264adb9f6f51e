CREATE TABLE channels (id integer PRIMARY KEY, type integer DEFAULT 0, key text NOT NULL, status integer DEFAULT 1, name text, weight integer DEFAULT 0, base_url text, other text, models text, "group" varchar(64) DEFAULT 'default', used_quota bigint, model_mapping text, priority bigint DEFAULT 0, auto_ban integer DEFAULT 1, tag text, setting text, param_override text, channel_info json);
CREATE TABLE tokens (id integer PRIMARY KEY, user_id integer, key char(48) UNIQUE, status integer DEFAULT 1, name text, created_time bigint, accessed_time bigint, expired_time bigint DEFAULT -1, remain_quota integer DEFAULT 0, unlimited_quota numeric, model_limits_enabled numeric, model_limits text, allow_ips text, used_quota integer, "group" text DEFAULT '', deleted_at datetime);
CREATE TABLE users (id integer PRIMARY KEY, username text, password text NOT NULL, "group" text DEFAULT 'default', quota integer);
CREATE TABLE options (key text PRIMARY KEY, value text);
CREATE TABLE abilities ("group" text, model text, channel_id integer, enabled numeric, priority bigint, weight integer);
INSERT INTO channels (id, type, key, status, name, weight, base_url, models, "group", priority, channel_info) VALUES
 (1, 14, 'SECRET-anthropic-one', 1, 'claude', 2, '', 'claude-sonnet-4-6,claude-haiku-4-5', 'default', 10, '{"is_multi_key":false}'),
 (2, 1, 'SECRET-openai-one', 1, 'openai', 0, NULL, 'gpt-5', 'default,vip', 0, '{}'),
 (3, 20, 'SECRET-openrouter', 1, 'openrouter', 0, 'https://openrouter.ai/api', 'anthropic/claude-opus-4-6', 'vip', 0, NULL);
INSERT INTO users VALUES (1, 'root', '$2a$10$SECRETHASH', 'default', 0), (2, 'customer', '$2a$10$SECRETHASH', 'vip', 0), (3, 'lost', '$2a$10$SECRETHASH', 'gone', 0);
INSERT INTO tokens (id, user_id, key, status, name, expired_time, remain_quota, unlimited_quota, model_limits_enabled, model_limits, allow_ips, "group", deleted_at) VALUES
 (1, 1, 'SECRETtokenkeyoftheroot0000000000000000000000001', 1, 'laptop', -1, 0, 1, 0, '', '', '', NULL),
 (2, 2, 'SECRETtokenkeyofthecustomer00000000000000000002', 1, 'app', 1798761600, 2500000, 0, 1, 'gpt-5,anthropic/claude-opus-4-6', '10.0.0.0/8', '', NULL),
 (3, 1, 'SECRETtokenkeyusedup000000000000000000000000003', 4, 'laptop', -1, 0, 0, 0, '', '', 'vip', NULL),
 (4, 3, 'SECRETtokenkeywithoutchannels000000000000000004', 1, 'nobody', -1, 0, 1, 0, '', '', '', NULL),
 (5, 1, 'SECRETtokenkeydeleted00000000000000000000000005', 1, 'deleted', -1, 0, 1, 0, '', '', '', '2026-01-01 00:00:00');
INSERT INTO options VALUES ('QuotaPerUnit', '500000'), ('SMTPToken', 'SECRET-smtp');
