-- title: Buckets under a key of another account
-- question: Which buckets depend, or may depend, on a key of another account, inside or outside the organization?
--   `why` says which; `read` is the result of a read that is missing, and a row without a bucket represents buckets
--   that were not listed.
-- parameter: link, same_org|outside_org|missing, default null, such as outside_org: Only this; what may be is always there.
-- columns: kms_key_link, account_id, account_name, region, bucket, why, read, kms_key_account_id,
--   kms_key_account_name, kms_key_ref, kms_key_ref_kind, kms_key_arn, kms_key_state
WITH told AS (
    SELECT kms_key_link, account_id, region, bucket,
        CASE
            WHEN encryption = 'unknown' THEN 'unknown: the configuration was not read'
            WHEN kms_key_link = 'same_org' THEN 'the key is of the organization'
            WHEN kms_key_link = 'outside_org' THEN 'the key is outside the organization'
            WHEN kms_key_link = 'missing' THEN 'the key is missing'
            ELSE 'unknown: the key is unproven'
        END AS why,
        CASE WHEN encryption = 'unknown' THEN encryption_read END AS read,
        kms_key_account_id, kms_key_ref, kms_key_ref_kind, kms_key_arn, kms_key_state
    FROM buckets_latest
    WHERE encryption = 'unknown' OR kms_key_link IN ('same_org', 'outside_org')
        OR (kms_key_link IN ('missing', 'unproven') AND coalesce(kms_key_account_id, '') <> account_id)
    UNION ALL
    SELECT NULL, account_id, region, NULL, 'unknown: the buckets were not listed', read, NULL, NULL, NULL, NULL, NULL
    FROM unlisted_latest
    WHERE resource_type = 'AWS::S3::Bucket'
)
SELECT t.kms_key_link, t.account_id, a.account_name, t.region, t.bucket, t.why, t.read, t.kms_key_account_id,
    o.account_name AS kms_key_account_name, t.kms_key_ref, t.kms_key_ref_kind, t.kms_key_arn, t.kms_key_state
FROM told t
LEFT JOIN accounts_latest a ON a.account_id = t.account_id
LEFT JOIN accounts_latest o ON o.account_id = t.kms_key_account_id
WHERE ${link} IS NULL OR coalesce(t.kms_key_link, 'unproven') IN (${link}, 'unproven')
ORDER BY t.kms_key_link ASC NULLS LAST, t.kms_key_account_id ASC NULLS LAST, t.account_id ASC NULLS LAST,
    t.bucket ASC NULLS LAST
