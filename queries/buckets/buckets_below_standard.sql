-- title: Buckets below the standard, and why
-- question: Which buckets have a default encryption below what the organization's standard asks for?
-- parameter: account_id, account, default null, such as 111122223333: Only this account.
-- columns: account_id, account_name, region, bucket, encryption, kms_key_link, severity, reason_code, reason, remedy
SELECT f.account_id, a.account_name, b.region, b.bucket, b.encryption, b.kms_key_link, f.severity,
    f.reason_code, f.reason, f.remedy
FROM findings_latest f
JOIN buckets_latest b ON b.account_id = f.account_id AND b.bucket_arn = f.resource_arn
LEFT JOIN accounts_latest a ON a.account_id = f.account_id
WHERE f.check_id = 's3_encryption_standard' AND f.verdict = 'fail'
    AND (${account_id} IS NULL OR f.account_id = ${account_id})
ORDER BY f.account_id ASC NULLS LAST, b.bucket ASC NULLS LAST, f.check_params ASC NULLS FIRST
