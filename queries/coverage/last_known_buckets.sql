-- title: Buckets as they were last seen
-- question: What was last known about each bucket whose configuration the newest census did not read, how old is that,
--   and does the bucket still exist?
--   `whereabouts`: `gone` (a census after the last one that listed it had a complete list of its account without it,
--   or it was gone when it was read), `not_read` (listed now, and `read_now` says why its configuration is not
--   known), `not_listed` (not known: since then its account was not scanned, or its buckets were not all listed),
--   `account_left` (not read: the organization does not list the account any more). A bucket that was never
--   read has the result of the last attempt.
-- parameter: age_days, integer, default 0: Only what is at least so many days old.
-- columns: whereabouts, account_id, region, bucket, age_days, seen_run_id, last_listed_run_id, read_now,
--   encryption_read, encryption, kms_key_link, kms_key_arn, tls_only
WITH sighting AS (
    SELECT account_id, bucket_arn, max(run_id) AS run_id, max_by(encryption_read, run_id) AS encryption_read
    FROM buckets_committed
    WHERE run_kind = 'census'
    GROUP BY account_id, bucket_arn
),
whole_list AS (
    SELECT account_id, max(run_id) AS run_id
    FROM coverage_committed
    WHERE run_kind = 'census' AND operation = 's3:ListBuckets' AND complete AND known > 0
    GROUP BY account_id
)
SELECT
    CASE
        WHEN s.encryption_read = 'gone' OR w.run_id > s.run_id THEN 'gone'
        WHEN s.run_id = b.newest_run_id THEN 'not_read'
        WHEN a.account_id IS NULL THEN 'account_left'
        ELSE 'not_listed'
    END AS whereabouts,
    b.account_id, b.region, b.bucket, b.age_days, b.run_id AS seen_run_id, s.run_id AS last_listed_run_id,
    CASE WHEN s.run_id = b.newest_run_id THEN s.encryption_read END AS read_now, b.encryption_read, b.encryption,
    b.kms_key_link, b.kms_key_arn, b.tls_only
FROM buckets_last_known b
JOIN sighting s ON s.account_id = b.account_id AND s.bucket_arn = b.bucket_arn
LEFT JOIN whole_list w ON w.account_id = b.account_id
LEFT JOIN accounts_latest a ON a.account_id = b.account_id
WHERE (b.run_id <> b.newest_run_id OR b.encryption_read NOT IN ('known', 'absent'))
    AND b.age_days >= ${age_days}
ORDER BY b.age_days DESC NULLS LAST, b.account_id ASC NULLS LAST, b.bucket ASC NULLS LAST,
    b.bucket_arn ASC NULLS LAST
