-- title: Rotation due
-- question: Which keys rotate within the next days, counted from the newest census, or are overdue?
-- parameter: days, integer, default 90: Days ahead; ask with 30 for the next month.
-- columns: key_arn, account_id, account_name, region, rotation_period_days, last_rotation_at,
--   next_rotation_at, days_left
SELECT k.key_arn, k.account_id, a.account_name, k.region, k.rotation_period_days, k.last_rotation_at,
    k.next_rotation_at,
    date_diff('day', CAST(r.started_at AS date), CAST(k.next_rotation_at AS date)) AS days_left
FROM keys_latest k
JOIN runs_latest r ON r.run_id = k.run_id
LEFT JOIN accounts_latest a ON a.account_id = k.account_id
WHERE k.rotation = 'enabled' AND k.next_rotation_at < r.started_at + ${days} * INTERVAL '1' DAY
ORDER BY k.next_rotation_at ASC NULLS LAST, k.key_arn ASC NULLS LAST
