-- title: Blast radius of a key
-- question: Which buckets stand on this key, or on another Region's replica of it?
--   Bucket defaults only: objects and other services may use the key without a row here.
-- parameter: key_arn, text, required, such as arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab: The key's ARN.
-- columns: via_key_arn, is_replica_or_primary, account_id, account_name, region, bucket, encryption,
--   kms_key_ref_kind, kms_key_state
WITH family AS (
    SELECT kms_key_arn AS key_arn, FALSE AS is_replica_or_primary
    FROM buckets_latest
    WHERE kms_key_arn = ${key_arn}
    UNION
    SELECT relative.key_arn, TRUE AS is_replica_or_primary
    FROM keys_latest k
    JOIN keys_latest relative
        ON coalesce(relative.primary_key_arn, relative.key_arn) = coalesce(k.primary_key_arn, k.key_arn)
    WHERE k.key_arn = ${key_arn} AND k.multi_region <> 'none' AND relative.key_arn <> k.key_arn
)
SELECT b.kms_key_arn AS via_key_arn, f.is_replica_or_primary, b.account_id, a.account_name, b.region, b.bucket,
    b.encryption, b.kms_key_ref_kind, b.kms_key_state
FROM buckets_latest b
JOIN family f ON f.key_arn = b.kms_key_arn
LEFT JOIN accounts_latest a ON a.account_id = b.account_id
ORDER BY b.kms_key_arn ASC NULLS LAST, b.account_id ASC NULLS LAST, b.bucket ASC NULLS LAST
