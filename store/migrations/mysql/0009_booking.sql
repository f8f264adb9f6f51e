-- See the file of the same name for SQLite.
INSERT IGNORE INTO rollup_state (name, value)
SELECT 'rebooked', CASE WHEN c.value < e.value THEN e.value ELSE 0 END
FROM rollup_state c, rollup_state e WHERE c.name = 'counted' AND e.name = 'existing';
INSERT IGNORE INTO rollup_state (name, value) SELECT 'rebook_until', coalesce(max(seq), 0) FROM calls;
