-- See the file of the same name for SQLite.
ALTER TABLE calls ADD KEY calls_by_status (status, time);
