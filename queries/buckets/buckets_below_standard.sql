-- title: Buckets below the standard, and why
-- question: Which buckets have, or may have, a default encryption below the organization's standard?
--   `verdict` says which: `fail`, `exempt` (below it, with an exception) or `unknown`; a row without a bucket represents
--   buckets that were not listed, or of which the standard does not ask the check s3_encryption_standard.
-- parameter: account_id, account, default null, such as 111122223333: Only this account.
-- columns: account_id, account_name, region, bucket, verdict, encryption, kms_key_link, severity, reason_code, reason,
--   exception_id, exception_expires_at, remedy
WITH judged AS (
    SELECT f.account_id, f.region, coalesce(b.bucket, split_part(f.resource_arn, ':::', 2)) AS bucket, f.verdict, b.encryption, b.kms_key_link, f.severity, f.reason_code,
        f.reason, f.exception_id, f.exception_expires_at, f.remedy, f.check_params
    FROM findings_latest f
    LEFT JOIN buckets_latest b ON b.account_id = f.account_id AND b.bucket_arn = f.resource_arn
    WHERE f.check_id = 's3_encryption_standard' AND f.verdict IN ('fail', 'exempt', 'unknown')
    UNION ALL
    SELECT account_id, region, NULL, 'unknown', NULL, NULL, NULL, NULL,
        'The buckets of the account were not listed: ' || read || '.', NULL, NULL, NULL, NULL
    FROM unlisted_latest
    WHERE resource_type = 'AWS::S3::Bucket'
    UNION ALL
    SELECT b.account_id, NULL, NULL, 'unknown', NULL, NULL, NULL, NULL,
        'The standard does not ask this check there, of so many buckets: ' || CAST(count(*) AS varchar) || '.', NULL,
        NULL, NULL, NULL
    FROM buckets_latest b
    LEFT JOIN findings_latest f ON f.account_id = b.account_id AND f.resource_arn = b.bucket_arn
        AND f.check_id = 's3_encryption_standard'
    WHERE f.finding_uid IS NULL
    GROUP BY b.account_id
)
SELECT j.account_id, a.account_name, j.region, j.bucket, j.verdict, j.encryption, j.kms_key_link, j.severity,
    j.reason_code, j.reason, j.exception_id, j.exception_expires_at, j.remedy
FROM judged j
LEFT JOIN accounts_latest a ON a.account_id = j.account_id
WHERE ${account_id} IS NULL OR j.account_id = ${account_id}
ORDER BY CASE j.verdict WHEN 'fail' THEN 1 WHEN 'exempt' THEN 2 ELSE 3 END ASC NULLS LAST,
    j.account_id ASC NULLS LAST, j.bucket ASC NULLS LAST, j.check_params ASC NULLS FIRST,
    j.reason ASC NULLS LAST
