-- Calls that are there were booked whole, at the channel that served. rebooked is
-- the seq of the last one that is booked by attempt, rebook_until that of the
-- last of them. Calls that were not counted yet are booked by attempt at once.
INSERT INTO rollup_state (name, value)
SELECT 'rebooked', CASE WHEN c.value < e.value THEN e.value ELSE 0 END
FROM rollup_state c, rollup_state e WHERE c.name = 'counted' AND e.name = 'existing';
INSERT INTO rollup_state (name, value) SELECT 'rebook_until', coalesce(max(seq), 0) FROM calls;
