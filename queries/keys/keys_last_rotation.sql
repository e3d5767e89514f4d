-- title: Last rotation of every customer key
-- question: When was each customer managed key last rotated, and how many days ago? Where there is no date, `why` says
--   why; `read` is the result of a read that is missing, and a row without a key stands for keys that were not
--   listed. The history is read of keys that rotate automatically: of others, rotated on demand, it is not known.
-- columns: key_arn, account_id, account_name, region, why, read, key_state, key_origin, rotation, rotation_reason,
--   rotation_period_days, created_at, last_rotation_at, last_rotation_type, on_demand_rotations,
--   days_since_rotation
SELECT k.key_arn, k.account_id, a.account_name, k.region, k.why, k.read, k.key_state, k.key_origin, k.rotation,
    k.rotation_reason, k.rotation_period_days, k.created_at, k.last_rotation_at, k.last_rotation_type,
    k.on_demand_rotations,
    date_diff('day', CAST(k.last_rotation_at AS date), CAST(r.started_at AS date)) AS days_since_rotation
FROM (
    SELECT key_arn, account_id, region,
        CASE
            WHEN describe_read <> 'known' THEN 'unknown: the key was not read'
            WHEN last_rotation_at IS NOT NULL THEN NULL
            WHEN on_demand_rotations IS NOT NULL THEN 'never rotated'
            WHEN rotation_reason IN ('asymmetric', 'hmac', 'custom_key_store') OR key_spec <> 'SYMMETRIC_DEFAULT'
                THEN 'the key cannot rotate'
            WHEN rotation = 'unknown' THEN 'unknown: the rotation was not read'
            ELSE 'unknown: the history was not read'
        END AS why,
        CASE
            WHEN describe_read <> 'known' THEN describe_read
            WHEN rotation = 'unknown' THEN rotation_read
        END AS read,
        key_state, key_origin, rotation, rotation_reason, rotation_period_days, created_at, last_rotation_at,
        last_rotation_type, on_demand_rotations
    FROM keys_latest
    WHERE coalesce(key_manager, 'CUSTOMER') = 'CUSTOMER'
    UNION ALL
    SELECT NULL, account_id, region, 'unknown: the keys were not listed', read, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL
    FROM unlisted_latest
    WHERE resource_type = 'AWS::KMS::Key'
) k
CROSS JOIN runs_latest r
LEFT JOIN accounts_latest a ON a.account_id = k.account_id
ORDER BY k.last_rotation_at ASC NULLS FIRST, k.account_id ASC NULLS LAST, k.region ASC NULLS LAST,
    k.key_arn ASC NULLS LAST
