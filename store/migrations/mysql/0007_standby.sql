-- See the file of the same name for SQLite.

UPDATE documents SET body = JSON_REMOVE(body, '$.weight')
WHERE kind = 'channel' AND CASE WHEN JSON_VALID(body) THEN JSON_UNQUOTE(JSON_EXTRACT(body, '$.weight')) END = '0';
