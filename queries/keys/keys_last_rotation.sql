-- title: Last rotation of every customer key
-- question: When was each customer managed key last rotated, and how many days ago?
--   NULL where it was never rotated, or where the history was not read.
-- columns: key_arn, account_id, account_name, region, key_origin, rotation, rotation_reason,
--   rotation_period_days, created_at, last_rotation_at, last_rotation_type, on_demand_rotations,
--   days_since_rotation
SELECT k.key_arn, k.account_id, a.account_name, k.region, k.key_origin, k.rotation, k.rotation_reason,
    k.rotation_period_days, k.created_at, k.last_rotation_at, k.last_rotation_type, k.on_demand_rotations,
    date_diff('day', CAST(k.last_rotation_at AS date), CAST(r.started_at AS date)) AS days_since_rotation
FROM keys_latest k
JOIN runs_latest r ON r.run_id = k.run_id
LEFT JOIN accounts_latest a ON a.account_id = k.account_id
WHERE k.key_manager = 'CUSTOMER'
ORDER BY k.last_rotation_at ASC NULLS FIRST, k.key_arn ASC NULLS LAST
