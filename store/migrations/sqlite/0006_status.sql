-- Rare statuses would else be looked for in all calls. Nearly all have 200, so
-- this costs little.
CREATE INDEX calls_by_status ON calls (status, time) WHERE status <> 200;
