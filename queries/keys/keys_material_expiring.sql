-- title: Imported key material that expires
-- question: Which keys lose their imported material within the next days, counted from the newest census?
-- parameter: days, integer, default 30: Days ahead.
-- columns: key_arn, account_id, account_name, region, key_state, material_expires_at, days_left,
--   default_key_of_buckets
SELECT k.key_arn, k.account_id, a.account_name, k.region, k.key_state, k.material_expires_at,
    date_diff('day', CAST(r.started_at AS date), CAST(k.material_expires_at AS date)) AS days_left,
    k.default_key_of_buckets
FROM keys_latest k
JOIN runs_latest r ON r.run_id = k.run_id
LEFT JOIN accounts_latest a ON a.account_id = k.account_id
WHERE k.material_expires_at < r.started_at + ${days} * INTERVAL '1' DAY
ORDER BY k.material_expires_at ASC NULLS LAST, k.key_arn ASC NULLS LAST
