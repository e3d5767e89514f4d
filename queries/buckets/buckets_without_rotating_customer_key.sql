-- title: Buckets not under a rotating customer key
-- question: Which buckets are not known to use a customer managed key with automatic rotation, and why?
--   What could not be read is listed as `unknown`; `read` is the result of that read, and a row
--   without a bucket represents buckets that were not listed. KMS does not rotate a key while it is disabled. Where an account's units, or the name of one, were not read, `ou_path` says so.
-- parameter: ou, text, default null, such as Prod: Only accounts under this unit, by its name or id, or perhaps under it.
-- columns: account_id, account_name, ou_path, region, bucket, why, read, encryption, kms_key_link, kms_key_arn,
--   kms_key_manager, kms_key_state, kms_key_rotation, kms_key_rotation_reason
SELECT b.account_id, a.account_name, array_join(a.ou_names, '/', '(not read)') AS ou_path, b.region, b.bucket, b.why,
    b.read, b.encryption, b.kms_key_link, b.kms_key_arn, b.kms_key_manager, b.kms_key_state, b.kms_key_rotation,
    b.kms_key_rotation_reason
FROM (
    SELECT c.account_id, c.region, c.bucket,
        CASE
            WHEN c.encryption = 'unknown' THEN 'unknown: the configuration was not read'
            WHEN c.encryption = 'other' AND c.kms_key_link = 'none' THEN 'unknown: the algorithm is not known'
            WHEN c.kms_key_link = 'none' THEN 'no KMS key'
            WHEN c.kms_key_link = 'aws_managed' OR c.kms_key_ref LIKE 'alias/aws/%'
                OR c.kms_key_ref LIKE 'arn:%:kms:%:alias/aws/%' THEN 'AWS managed key'
            WHEN c.kms_key_link = 'missing' THEN 'the key is missing'
            WHEN c.kms_key_link = 'outside_org' THEN 'unknown: the key is outside the organization'
            WHEN c.kms_key_link = 'unproven' THEN 'unknown: the key is unproven'
            WHEN c.kms_key_manager IS NULL THEN 'unknown: the key was not read'
            WHEN c.kms_key_manager <> 'CUSTOMER' THEN 'AWS managed key'
            WHEN c.kms_key_state IN ('PendingDeletion', 'PendingReplicaDeletion') THEN 'the key is pending deletion'
            WHEN c.kms_key_rotation = 'disabled' AND coalesce(c.kms_key_state, '') NOT IN ('Creating', 'Enabled',
                'Disabled', 'PendingImport', 'Unavailable', 'Updating') THEN 'unknown: whether it can rotate in its state'
            WHEN c.kms_key_rotation = 'disabled' THEN 'rotation is off'
            WHEN c.kms_key_rotation = 'not_applicable' THEN 'the key cannot rotate by itself'
            WHEN coalesce(c.kms_key_rotation, 'unknown') = 'unknown' THEN 'unknown: the rotation was not read'
            WHEN k.key_spec IS NULL OR c.kms_key_origin IS NULL THEN 'unknown: the kind of key was not reported'
            WHEN c.kms_key_state IS NULL THEN 'unknown: the state was not reported'
            WHEN c.kms_key_state = 'Disabled' THEN 'rotation is suspended: the key is not enabled'
            WHEN c.kms_key_state NOT IN ('Enabled', 'Updating') THEN 'unknown: whether it rotates in its state'
            -- A replica rotates with its primary.
            WHEN k.multi_region = 'replica' AND p.key_state IS NULL THEN 'unknown: the state was not reported'
            WHEN k.multi_region = 'replica' AND p.key_state = 'Disabled'
                THEN 'rotation is suspended: the primary key is not enabled'
            WHEN k.multi_region = 'replica' AND p.key_state NOT IN ('Enabled', 'Updating')
                THEN 'unknown: whether the primary key rotates in its state'
        END AS why,
        CASE
            WHEN c.encryption = 'unknown' THEN c.encryption_read
            WHEN k.describe_read <> 'known' THEN k.describe_read
            WHEN k.rotation = 'unknown' THEN k.rotation_read
        END AS read,
        c.encryption, c.kms_key_link, c.kms_key_arn, c.kms_key_manager, c.kms_key_state, c.kms_key_rotation,
        c.kms_key_rotation_reason
    FROM buckets_latest c
    LEFT JOIN keys_latest k ON k.key_arn = c.kms_key_arn
    LEFT JOIN keys_latest p ON p.key_arn = k.primary_key_arn
    UNION ALL
    SELECT account_id, region, NULL, 'unknown: the buckets were not listed', read, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL
    FROM unlisted_latest
    WHERE resource_type = 'AWS::S3::Bucket'
) b
LEFT JOIN accounts_latest a ON a.account_id = b.account_id
WHERE b.why IS NOT NULL
    AND (${ou} IS NULL OR a.ou_ids IS NULL OR contains(a.ou_ids, ${ou}) OR contains(a.ou_names, ${ou})
        -- A unit whose name was not read may have this one, unless this is an id.
        OR (array_join(a.ou_names, '/', '(not read)') <> array_join(a.ou_names, '/')
            AND ${ou} NOT IN (SELECT u.ou_id FROM accounts_latest i CROSS JOIN UNNEST(i.ou_ids) AS u (ou_id))))
ORDER BY b.account_id ASC NULLS LAST, b.bucket ASC NULLS LAST
