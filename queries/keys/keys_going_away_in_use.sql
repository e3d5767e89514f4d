-- title: Keys that go away and are in use
-- question: Which keys are disabled, pending deletion or without material while buckets stand on them?
-- columns: key_arn, account_id, account_name, region, key_state, deletion_at, days_left,
--   default_key_of_buckets, default_key_of_accounts
SELECT k.key_arn, k.account_id, a.account_name, k.region, k.key_state, k.deletion_at,
    date_diff('day', CAST(r.started_at AS date), CAST(k.deletion_at AS date)) AS days_left,
    k.default_key_of_buckets, k.default_key_of_accounts
FROM keys_latest k
JOIN runs_latest r ON r.run_id = k.run_id
LEFT JOIN accounts_latest a ON a.account_id = k.account_id
WHERE k.key_state IN ('Disabled', 'PendingDeletion', 'PendingReplicaDeletion', 'PendingImport', 'Unavailable')
    AND k.default_key_of_buckets > 0
ORDER BY k.deletion_at ASC NULLS LAST, k.default_key_of_buckets DESC NULLS LAST, k.key_arn ASC NULLS LAST
