-- No spend, hold or transfer took from a later lot while an earlier one was open: earliest end first, "never" last, then the
-- oldest. Each lot is laid out over the ids of postings: from when to when it was open, and which end it had then.
WITH activation AS (
    SELECT account_id, refers_to AS lot_id, min(id) AS id FROM ledger_posting
    WHERE kind = 'activate' AND bucket = 0 GROUP BY account_id, refers_to
), used AS (
    SELECT account_id, lot_id, max(posting_id) AS last_id, bool_or(points < 0) AS is_reopened
    FROM ledger_lot_use GROUP BY account_id, lot_id
), redated AS (
    SELECT r.account_id, d.lot_id, r.id, d.was FROM ledger_redating r, unnest(r.lots, r.was) AS d (lot_id, was)
), lot AS (
    SELECT l.account_id, l.id, l.granted, l.remaining, coalesce(l.expires_at, 'infinity') AS ends, u.last_id,
           CASE WHEN p.bucket = 1 THEN a.id ELSE p.id END AS born,
           coalesce(u.is_reopened, false)
               OR EXISTS (SELECT FROM redated r WHERE r.account_id = l.account_id AND r.lot_id = l.id) AS is_eventful
    FROM ledger_lot l
    JOIN ledger_posting p ON p.account_id = l.account_id AND p.id = l.posting_id
    LEFT JOIN activation a ON a.account_id = l.account_id AND a.lot_id = l.id
    LEFT JOIN used u ON u.account_id = l.account_id AND u.lot_id = l.id
), dating AS MATERIALIZED (
    SELECT account_id, lot_id, lag(id, 1, 0::bigint) OVER (PARTITION BY account_id, lot_id ORDER BY id) AS since, id AS until,
           coalesce(was, 'infinity') AS ends
    FROM redated
    UNION ALL
    SELECT l.account_id, l.id, coalesce(max(r.id), 0), 9223372036854775807, l.ends
    FROM lot l LEFT JOIN redated r ON r.account_id = l.account_id AND r.lot_id = l.id
    WHERE l.is_eventful GROUP BY l.account_id, l.id, l.ends
), step AS (
    SELECT account_id, lot_id, id, granted - sum(sum(points)) OVER (PARTITION BY account_id, lot_id ORDER BY id) AS remaining,
           lead(id, 1, 9223372036854775807) OVER (PARTITION BY account_id, lot_id ORDER BY id) AS next_id, born
    FROM (
        SELECT l.account_id, l.id AS lot_id, u.posting_id AS id, u.points, l.granted, l.born
        FROM lot l JOIN ledger_lot_use u ON u.account_id = l.account_id AND u.lot_id = l.id WHERE l.is_eventful
        UNION ALL
        SELECT account_id, id, born, 0, granted, born FROM lot WHERE is_eventful
    ) e
    GROUP BY account_id, lot_id, id, granted, born
), stretch AS MATERIALIZED (
    SELECT account_id, id AS lot_id, born AS since, CASE WHEN remaining = 0 THEN last_id ELSE 9223372036854775807 END AS until, ends
    FROM lot WHERE NOT is_eventful AND born IS NOT NULL
    UNION ALL
    SELECT s.account_id, s.lot_id, greatest(s.id, d.since), least(s.next_id, d.until), d.ends
    FROM step s JOIN dating d ON d.account_id = s.account_id AND d.lot_id = s.lot_id AND d.since < s.next_id AND s.id < d.until
    WHERE s.remaining > 0 AND s.id >= s.born
), debit AS MATERIALIZED (
    SELECT DISTINCT ON (p.account_id, p.id) p.account_id, p.id, p.event_at, u.lot_id AS last_lot, coalesce(d.ends, l.ends) AS last_end
    FROM ledger_posting p
    JOIN ledger_lot_use u ON u.account_id = p.account_id AND u.posting_id = p.id
    JOIN lot l ON l.account_id = u.account_id AND l.id = u.lot_id
    LEFT JOIN dating d ON d.account_id = u.account_id AND d.lot_id = u.lot_id AND d.since < p.id AND p.id <= d.until
    WHERE p.bucket = 0 AND p.points < 0 AND p.kind NOT IN ('reversal', 'expire')
    ORDER BY p.account_id, p.id, coalesce(d.ends, l.ends) DESC, u.lot_id DESC
), ranked AS (  -- both on one scale: the place of a lot among all lots, by the end that it had then
    SELECT e.*, dense_rank() OVER (PARTITION BY account_id ORDER BY ends, lot_id) AS rank
    FROM (
        SELECT account_id, id, last_end AS ends, last_lot AS lot_id, true AS is_debit, 0::bigint AS since FROM debit
        UNION ALL SELECT account_id, until, ends, lot_id, false, since FROM stretch
    ) e
), passed AS (  -- few are left where no debit up to the stretch's end took from a later lot: all others are in order
    SELECT r.*, max(rank) FILTER (WHERE is_debit) OVER (PARTITION BY account_id ORDER BY id, is_debit) AS highest FROM ranked r
)
SELECT d.account_id AS account, d.id AS posting, d.last_lot AS took, s.lot_id AS passed_over
FROM passed s JOIN debit d ON d.account_id = s.account_id
WHERE NOT s.is_debit AND s.highest > s.rank
  AND d.id >= s.since AND d.id < s.id AND s.ends > d.event_at AND (s.ends, s.lot_id) < (d.last_end, d.last_lot)
