-- title: Buckets that take plain HTTP
-- question: Which buckets do not refuse, or may not refuse, every request without TLS?
--   `tls_only` is `unknown` if it cannot be decided; `read` is the result of a read that is missing, and a row
--   without a bucket represents buckets that were not listed.
-- columns: tls_only, account_id, account_name, region, bucket, read, policy_read, policy_sha256
SELECT b.tls_only, b.account_id, a.account_name, b.region, b.bucket, b.read, b.policy_read,
    b.policy_sha256
FROM (
    SELECT tls_only, account_id, region, bucket,
        CASE WHEN policy_read NOT IN ('known', 'absent') THEN policy_read END AS read, policy_read, policy_sha256
    FROM buckets_latest
    WHERE coalesce(tls_only, 'unknown') <> 'enforced'
    UNION ALL
    SELECT 'unknown', account_id, region, NULL, read, NULL, NULL
    FROM unlisted_latest
    WHERE resource_type = 'AWS::S3::Bucket'
) b
LEFT JOIN accounts_latest a ON a.account_id = b.account_id
ORDER BY b.tls_only ASC NULLS LAST, b.account_id ASC NULLS LAST, b.bucket ASC NULLS LAST
