-- What an upstream states as the end of a cooldown that is probed before it;
-- 0 where that is the end.
ALTER TABLE cooling ADD COLUMN stated_until INTEGER NOT NULL DEFAULT 0;
