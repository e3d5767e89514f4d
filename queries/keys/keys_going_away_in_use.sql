-- title: Keys that go away and are in use
-- question: Which keys are, or may be, disabled, pending deletion, without material or missing while buckets use them?
--   Bucket defaults only. `why` says which; `read` is the result of a read that is missing. A key that is in no listing
--   appears as the buckets name it; a row without a name represents buckets that were not read, or not listed.
-- columns: key_arn, kms_key_ref, account_id, account_name, region, why, read, key_state, deletion_at, days_left,
--   default_key_of_buckets, default_key_of_accounts
WITH named AS (
    SELECT b.kms_key_arn, b.kms_key_ref, b.kms_key_account_id, b.account_id AS bucket_account_id,
        CASE
            WHEN b.kms_key_account_id IS NULL THEN NULL
            WHEN b.kms_key_ref_kind IN ('key_arn', 'alias_arn') THEN split_part(b.kms_key_ref, ':', 4)
            ELSE b.region
        END AS region,
        CASE
            WHEN b.encryption = 'unknown' THEN 'unknown: the configuration was not read'
            WHEN b.kms_key_link = 'outside_org' THEN 'unknown: the key is outside the organization'
            WHEN b.kms_key_link = 'missing' THEN 'the key is missing'
            ELSE 'unknown: the key is unproven'
        END AS why,
        CASE WHEN b.encryption = 'unknown' THEN b.encryption_read END AS read
    FROM buckets_latest b
    LEFT JOIN keys_latest k ON k.key_arn = b.kms_key_arn
    WHERE k.key_arn IS NULL AND coalesce(b.kms_key_link, '') NOT IN ('none', 'aws_managed')
),
told AS (
    SELECT key_arn, NULL AS kms_key_ref, account_id, region,
        CASE
            WHEN describe_read <> 'known' THEN 'unknown: the key was not read'
            WHEN key_state IS NULL THEN 'unknown: the state was not reported'
            WHEN key_state = 'Disabled' THEN 'the key is disabled'
            WHEN key_state IN ('PendingDeletion', 'PendingReplicaDeletion') THEN 'the key is pending deletion'
            WHEN key_state = 'PendingImport' THEN 'the key has no material'
            WHEN key_state = 'Unavailable' THEN 'the key is not available'
            ELSE 'unknown: the state is not recognized'
        END AS why,
        CASE WHEN describe_read <> 'known' THEN describe_read END AS read,
        key_state, deletion_at, default_key_of_buckets, default_key_of_accounts
    FROM keys_latest
    WHERE coalesce(key_state, '') NOT IN ('Enabled', 'Creating', 'Updating') AND default_key_of_buckets > 0
    UNION ALL
    SELECT kms_key_arn, kms_key_ref, kms_key_account_id, region, why, read, NULL, NULL, count(*),
        count(DISTINCT bucket_account_id)
    FROM named
    GROUP BY kms_key_arn, kms_key_ref, kms_key_account_id, region, why, read
    UNION ALL
    SELECT NULL, NULL, account_id, region, 'unknown: the buckets were not listed', read, NULL, NULL, NULL, NULL
    FROM unlisted_latest
    WHERE resource_type = 'AWS::S3::Bucket'
)
SELECT t.key_arn, t.kms_key_ref, t.account_id, a.account_name, t.region, t.why, t.read, t.key_state, t.deletion_at,
    date_diff('day', CAST(r.started_at AS date), CAST(t.deletion_at AS date)) AS days_left,
    t.default_key_of_buckets, t.default_key_of_accounts
FROM told t
CROSS JOIN runs_latest r
LEFT JOIN accounts_latest a ON a.account_id = t.account_id
ORDER BY t.deletion_at ASC NULLS LAST, t.default_key_of_buckets DESC NULLS LAST, t.key_arn ASC NULLS LAST,
    t.kms_key_ref ASC NULLS LAST, t.account_id ASC NULLS LAST, t.region ASC NULLS LAST, t.why ASC NULLS LAST,
    t.read ASC NULLS LAST
