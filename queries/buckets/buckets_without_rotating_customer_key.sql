-- title: Buckets not under a rotating customer key
-- question: Which buckets are not known to be under a customer managed key that rotates by itself, and why?
--   What could not be read is listed as `unknown`, never as a miss.
-- parameter: ou, text, default null, such as Prod: Only accounts under this unit, by its name or id.
-- columns: account_id, account_name, region, bucket, why, encryption, kms_key_link, kms_key_arn,
--   kms_key_manager, kms_key_state, kms_key_rotation, kms_key_rotation_reason
SELECT b.account_id, a.account_name, b.region, b.bucket,
    CASE
        WHEN b.encryption = 'unknown' THEN 'unknown: the configuration was not read'
        WHEN b.encryption NOT IN ('sse_kms', 'dsse_kms') THEN 'no KMS key'
        WHEN b.kms_key_link = 'aws_managed' THEN 'AWS managed key'
        WHEN b.kms_key_link = 'missing' THEN 'the key is missing'
        WHEN b.kms_key_manager IS NULL THEN 'unknown: the key was not read'
        WHEN b.kms_key_manager <> 'CUSTOMER' THEN 'AWS managed key'
        WHEN b.kms_key_rotation = 'disabled' THEN 'rotation is off'
        WHEN b.kms_key_rotation = 'not_applicable' THEN 'the key cannot rotate by itself'
        ELSE 'unknown: the rotation was not read'
    END AS why,
    b.encryption, b.kms_key_link, b.kms_key_arn, b.kms_key_manager, b.kms_key_state, b.kms_key_rotation,
    b.kms_key_rotation_reason
FROM buckets_latest b
LEFT JOIN accounts_latest a ON a.account_id = b.account_id
WHERE NOT (
        b.encryption IN ('sse_kms', 'dsse_kms')
        AND coalesce(b.kms_key_link, 'unproven') IN ('same_account', 'same_org', 'outside_org', 'unproven')
        AND coalesce(b.kms_key_manager, '') = 'CUSTOMER'
        AND coalesce(b.kms_key_rotation, '') = 'enabled'
    )
    AND (${ou} IS NULL OR contains(a.ou_ids, ${ou}) OR contains(a.ou_names, ${ou}))
ORDER BY b.account_id ASC NULLS LAST, b.bucket ASC NULLS LAST
