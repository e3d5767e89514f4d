-- title: Keys by reach
-- question: Which keys do most buckets and accounts use, and in what state are they? Bucket defaults only: 0 never
--   means unused. A key that is in no listing appears as the buckets name it. `why` says what is not known, and `read`
--   the result of a read that is missing; a row without a key's name represents buckets that were not read, or not
--   listed, and may use any key.
-- parameter: at_least, integer, default 1: Buckets that name the key, at least; what may be any key is always there.
-- columns: key_arn, kms_key_ref, account_id, account_name, region, why, read, aliases, key_manager, key_state,
--   rotation, default_key_of_buckets, default_key_of_accounts
WITH named AS (
    SELECT b.kms_key_arn, b.kms_key_link, b.kms_key_account_id, b.kms_key_manager, b.kms_key_rotation,
        b.account_id AS bucket_account_id,
        CASE WHEN b.kms_key_link = 'aws_managed' AND b.kms_key_arn IS NULL THEN 'alias/aws/s3'
            ELSE b.kms_key_ref END AS kms_key_ref,
        CASE
            WHEN b.kms_key_account_id IS NULL THEN NULL
            WHEN b.kms_key_arn IS NOT NULL THEN split_part(b.kms_key_arn, ':', 4)
            WHEN b.kms_key_ref_kind = 'alias_arn' AND b.kms_key_link <> 'aws_managed'
                THEN split_part(b.kms_key_ref, ':', 4)
            ELSE b.region
        END AS region,
        CASE
            WHEN b.encryption = 'unknown' THEN 'unknown: the configuration was not read'
            WHEN b.kms_key_link = 'outside_org' THEN 'unknown: the key is outside the organization'
            WHEN b.kms_key_link = 'missing' THEN 'the key is missing'
            WHEN b.kms_key_link = 'aws_managed' THEN 'the AWS managed key is not listed'
            ELSE 'unknown: the key is unproven'
        END AS why,
        CASE WHEN b.encryption = 'unknown' THEN b.encryption_read END AS read
    FROM buckets_latest b
    LEFT JOIN keys_latest k ON k.key_arn = b.kms_key_arn
    WHERE k.key_arn IS NULL AND coalesce(b.kms_key_link, '') <> 'none'
),
reach AS (
    SELECT key_arn, NULL AS kms_key_ref, account_id, region,
        CASE WHEN describe_read <> 'known' THEN 'unknown: the key was not read' END AS why,
        CASE WHEN describe_read <> 'known' THEN describe_read END AS read,
        array_join(aliases, ', ') AS aliases, key_manager, key_state, rotation, default_key_of_buckets,
        default_key_of_accounts, FALSE AS may_be_any
    FROM keys_latest
    UNION ALL
    SELECT kms_key_arn, kms_key_ref, kms_key_account_id, region, why, read, NULL, kms_key_manager, NULL,
        kms_key_rotation, count(*), count(DISTINCT bucket_account_id),
        why IN ('unknown: the configuration was not read', 'unknown: the key is unproven')
    FROM named
    GROUP BY kms_key_arn, kms_key_ref, kms_key_account_id, region, why, read, kms_key_manager, kms_key_rotation
    UNION ALL
    SELECT NULL, NULL, account_id, region, 'unknown: the buckets were not listed', read, NULL, NULL, NULL, NULL, NULL,
        NULL, TRUE
    FROM unlisted_latest
    WHERE resource_type = 'AWS::S3::Bucket'
)
SELECT r.key_arn, r.kms_key_ref, r.account_id, a.account_name, r.region, r.why, r.read, r.aliases, r.key_manager,
    r.key_state, r.rotation, r.default_key_of_buckets, r.default_key_of_accounts
FROM reach r
LEFT JOIN accounts_latest a ON a.account_id = r.account_id
WHERE r.may_be_any OR r.default_key_of_buckets >= ${at_least}
ORDER BY r.default_key_of_buckets DESC NULLS LAST, r.default_key_of_accounts DESC NULLS LAST,
    r.key_arn ASC NULLS LAST, r.kms_key_ref ASC NULLS LAST, r.account_id ASC NULLS LAST, r.region ASC NULLS LAST,
    r.why ASC NULLS LAST, r.read ASC NULLS LAST
