-- title: Buckets as they were last seen
-- question: What was last known of each bucket whose configuration the newest census has not, and how old is that?
--   A bucket that was never read is here with what was tried last.
-- parameter: age_days, integer, default 0: Only what is at least so many days old.
-- columns: account_id, region, bucket, age_days, seen_run_id, encryption_read, encryption, kms_key_link,
--   kms_key_arn, tls_only
SELECT b.account_id, b.region, b.bucket, b.age_days, b.run_id AS seen_run_id, b.encryption_read, b.encryption,
    b.kms_key_link, b.kms_key_arn, b.tls_only
FROM buckets_last_known b
WHERE (b.run_id <> b.newest_run_id OR b.encryption_read NOT IN ('known', 'absent'))
    AND b.age_days >= ${age_days}
ORDER BY b.age_days DESC NULLS LAST, b.account_id ASC NULLS LAST, b.bucket ASC NULLS LAST
