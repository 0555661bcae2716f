-- No column of the product holds a float, or a time without its zone.
SELECT table_name AS "table", column_name AS "column", data_type AS type FROM information_schema.columns
WHERE table_schema = 'public'
  AND split_part(table_name, '_', 1) IN ('ledger', 'loyalty', 'outbox', 'rewards', 'gamification', 'charity', 'partners')
  AND data_type IN ('real', 'double precision', 'timestamp without time zone', 'time with time zone', 'money')
