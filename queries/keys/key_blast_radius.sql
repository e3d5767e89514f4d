-- title: Blast radius of a key
-- question: Which buckets use this key, or a replica of it in another Region, and for which is that not known?
--   Bucket defaults only: objects and other services may use the key without a row here. `proven`: the bucket's
--   default names the key. `unproven`: it may, for `encryption_not_read`, or `reference_not_resolved` (an alias or
--   a text that is no ARN, which may mean this key), or `buckets_not_listed` (an account without a complete list of
--   its buckets: one row for all of them), or `key_not_known` (the census lists no such key: it belongs to others, it is
--   not listed, or the ARN is wrong). A bare alias is read as of the bucket's own account; S3 resolves it in the
--   account of the writer. Replicas are recognized by the `mrk-` id that they share and by their
--   primary, also where this key itself was not listed or not described.
-- parameter: key_arn, key_arn, required, such as arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab: The key's ARN.
-- columns: dependence, unproven_reason, via_key_arn, is_replica_or_primary, account_id, account_name, region, bucket,
--   encryption, encryption_read, kms_key_ref, kms_key_ref_kind, kms_key_link, kms_key_state
WITH kin AS (
    SELECT DISTINCT n.key_arn
    FROM keys_latest k
    JOIN keys_latest o ON coalesce(o.primary_key_arn, o.key_arn) = coalesce(k.primary_key_arn, k.key_arn)
    CROSS JOIN UNNEST(ARRAY[o.key_arn, o.primary_key_arn]) AS n (key_arn)
    WHERE ${key_arn} IN (k.key_arn, k.primary_key_arn)
),
named AS (
    SELECT account_id, region, bucket, encryption, encryption_read, kms_key_ref, kms_key_ref_kind, kms_key_link,
        kms_key_account_id, kms_key_state,
        -- A bare id is a key of the same account and Region as the bucket, whatever could be listed there.
        coalesce(kms_key_arn, CASE WHEN kms_key_ref_kind = 'key_id' AND kms_key_link <> 'none'
            THEN 'arn:' || aws_partition || ':kms:' || region || ':' || account_id || ':key/' || kms_key_ref END)
            AS key_arn,
        CASE WHEN kms_key_ref_kind = 'alias_arn' AND kms_key_link <> 'aws_managed'
            THEN split_part(kms_key_ref, ':', 4) ELSE coalesce(region, '%') END AS key_region
    FROM buckets_latest
),
reference AS (
    SELECT n.*,
        CASE
            -- Replicas share partition, account and id.
            WHEN key_arn LIKE '%:key/mrk-%' THEN 'arn:' || split_part(key_arn, ':', 2) || ':kms:%:'
                || split_part(key_arn, ':', 5) || ':' || split_part(key_arn, ':', 6)
            WHEN key_arn IS NULL AND kms_key_link IN ('unproven', 'outside_org', 'aws_managed')
                -- Without an account the text is an ARN that cannot be read.
                THEN coalesce('arn:%:kms:' || key_region || ':' || kms_key_account_id || ':key/%', '%')
        END AS may_be,
        CASE WHEN key_arn IS NULL AND kms_key_link IN ('unproven', 'outside_org')
            THEN 'arn:%:kms:%:' || kms_key_account_id || ':key/mrk-%' END AS may_be_replica
    FROM named n
),
dependent AS (
    SELECT 'proven' AS dependence, CAST(NULL AS varchar) AS unproven_reason, key_arn AS via_key_arn,
        FALSE AS is_replica_or_primary, account_id, region, bucket, encryption, encryption_read, kms_key_ref,
        kms_key_ref_kind, kms_key_link, kms_key_state
    FROM reference
    WHERE key_arn = ${key_arn}
    UNION ALL
    SELECT CASE WHEN r.key_arn IS NULL THEN 'unproven' ELSE 'proven' END AS dependence,
        CASE WHEN r.key_arn IS NOT NULL THEN NULL
            WHEN r.encryption_read IN ('known', 'absent') THEN 'reference_not_resolved'
            ELSE 'encryption_not_read' END AS unproven_reason,
        r.key_arn AS via_key_arn, CASE WHEN r.key_arn IS NOT NULL THEN TRUE END AS is_replica_or_primary,
        r.account_id, r.region, r.bucket, r.encryption, r.encryption_read, r.kms_key_ref, r.kms_key_ref_kind,
        r.kms_key_link, r.kms_key_state
    FROM reference r
    LEFT JOIN kin k ON k.key_arn = r.key_arn
    WHERE coalesce(r.key_arn, '') <> ${key_arn}
        AND (r.encryption_read NOT IN ('known', 'absent', 'gone') OR k.key_arn IS NOT NULL
            OR ${key_arn} LIKE r.may_be OR ${key_arn} LIKE r.may_be_replica)
        -- Under the AWS managed key of S3, which may be this key unless its manager or its aliases say otherwise.
        AND (r.key_arn IS NOT NULL OR coalesce(r.kms_key_link, '') <> 'aws_managed'
            OR ${key_arn} NOT IN (
                SELECT key_arn FROM keys_latest WHERE key_manager = 'CUSTOMER' OR aliases IS NOT NULL))
    UNION ALL
    SELECT 'unproven' AS dependence, 'buckets_not_listed' AS unproven_reason, CAST(NULL AS varchar) AS via_key_arn,
        CAST(NULL AS boolean) AS is_replica_or_primary, account_id, region, CAST(NULL AS varchar) AS bucket,
        CAST(NULL AS varchar) AS encryption, CAST(NULL AS varchar) AS encryption_read,
        CAST(NULL AS varchar) AS kms_key_ref, CAST(NULL AS varchar) AS kms_key_ref_kind,
        CAST(NULL AS varchar) AS kms_key_link, CAST(NULL AS varchar) AS kms_key_state
    FROM unlisted_latest
    WHERE resource_type = 'AWS::S3::Bucket'
    UNION ALL
    SELECT 'unproven' AS dependence, 'key_not_known' AS unproven_reason, CAST(NULL AS varchar) AS via_key_arn,
        CAST(NULL AS boolean) AS is_replica_or_primary, CAST(NULL AS varchar) AS account_id,
        CAST(NULL AS varchar) AS region, CAST(NULL AS varchar) AS bucket, CAST(NULL AS varchar) AS encryption,
        CAST(NULL AS varchar) AS encryption_read, CAST(NULL AS varchar) AS kms_key_ref,
        CAST(NULL AS varchar) AS kms_key_ref_kind, CAST(NULL AS varchar) AS kms_key_link,
        CAST(NULL AS varchar) AS kms_key_state
    FROM runs_latest
    WHERE ${key_arn} NOT IN (SELECT key_arn FROM keys_latest)
)
SELECT d.dependence, d.unproven_reason, d.via_key_arn, d.is_replica_or_primary, d.account_id, a.account_name, d.region,
    d.bucket, d.encryption, d.encryption_read, d.kms_key_ref, d.kms_key_ref_kind, d.kms_key_link, d.kms_key_state
FROM dependent d
LEFT JOIN accounts_latest a ON a.account_id = d.account_id
ORDER BY d.dependence ASC NULLS LAST, d.via_key_arn ASC NULLS LAST, d.account_id ASC NULLS LAST,
    d.bucket ASC NULLS LAST
