-- A weight of 0 was taken for 1 and means standby from here on.
UPDATE documents SET body = json_remove(body, '$.weight')
WHERE kind = 'channel' AND CASE WHEN json_valid(body) THEN json_extract(body, '$.weight') END = 0;
