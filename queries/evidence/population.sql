-- title: The population, reconciled
-- question: Does the newest census add up: accounts listed, buckets and keys counted, rows there?
-- columns: run_id, started_at, status, accounts_listed, accounts_accounted_for, account_rows, buckets,
--   bucket_rows, keys, key_rows, adds_up
SELECT r.run_id, r.started_at, r.status, r.accounts_listed,
    r.accounts_complete + r.accounts_partial + r.accounts_unreachable + r.accounts_not_scanned
        AS accounts_accounted_for,
    a.account_rows, r.buckets, b.bucket_rows, r.keys, k.key_rows,
    r.accounts_listed = a.account_rows AND r.buckets = b.bucket_rows AND r.keys = k.key_rows
        AND r.accounts_listed
            = r.accounts_complete + r.accounts_partial + r.accounts_unreachable + r.accounts_not_scanned
        AS adds_up
FROM runs_latest r
CROSS JOIN (SELECT count(*) AS account_rows FROM accounts_latest) a
CROSS JOIN (SELECT count(*) AS bucket_rows FROM buckets_latest) b
CROSS JOIN (SELECT count(*) AS key_rows FROM keys_latest) k
ORDER BY r.run_id ASC NULLS LAST
