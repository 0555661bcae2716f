-- Of an award whose goods came back, a household gives back at most the part that it got.
SELECT household_id AS household, member_id AS member, split_part(key, ':', 3) AS award,
       coalesce(sum(points) FILTER (WHERE points > 0), 0) AS got, -coalesce(sum(points) FILTER (WHERE points < 0), 0) AS gave
FROM loyalty_householdmove WHERE split_part(key, ':', 2) IN ('earned', 'returned')
GROUP BY household_id, member_id, split_part(key, ':', 3)
HAVING sum(points) < 0
