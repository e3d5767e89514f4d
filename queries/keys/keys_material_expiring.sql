-- title: Imported key material that expires
-- question: Which keys lose their imported material within the next days, counted from the newest census, or may, or have
--   none now? `why` says which; `read` is the result of a read that is missing, and a row without a key stands for keys that
--   were not listed.
-- parameter: days, integer, default 30: Days ahead.
-- columns: key_arn, account_id, account_name, region, why, read, key_state, material_expires_at, days_left,
--   default_key_of_buckets
WITH read AS (
    SELECT *,
        key_origin NOT IN ('AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE') AS is_of_strange_origin,
        key_state NOT IN ('Creating', 'Enabled', 'Disabled', 'PendingDeletion', 'PendingImport',
            'PendingReplicaDeletion', 'Unavailable', 'Updating') AS is_in_strange_state
    FROM keys_latest
),
told AS (
    SELECT key_arn, account_id, region,
        CASE
            WHEN describe_read <> 'known' THEN 'unknown: the key was not read'
            WHEN key_origin IS NULL THEN 'unknown: the origin was not reported'
            WHEN is_of_strange_origin THEN 'unknown: the origin is not recognized'
            WHEN key_state IS NULL THEN 'unknown: the state was not reported'
            WHEN is_in_strange_state AND material_expires_at IS NULL THEN 'unknown: the state is not recognized'
            WHEN material_expires_at IS NULL OR key_state = 'PendingImport' THEN 'there is no material'
            ELSE 'the material expires'
        END AS why,
        CASE WHEN describe_read <> 'known' THEN describe_read END AS read,
        key_state, material_expires_at, default_key_of_buckets,
        describe_read <> 'known' OR key_origin IS NULL OR is_of_strange_origin OR key_state IS NULL
            OR is_in_strange_state OR key_state = 'PendingImport' AS is_listed
    FROM read
    WHERE describe_read <> 'known' OR key_origin IS NULL OR is_of_strange_origin
        OR (key_origin = 'EXTERNAL' AND (material_expires_at IS NOT NULL OR key_state IS NULL OR is_in_strange_state
            OR key_state = 'PendingImport'))
    UNION ALL
    SELECT NULL, account_id, region, 'unknown: the keys were not listed', read, NULL, NULL, NULL, TRUE
    FROM unlisted_latest
    WHERE resource_type = 'AWS::KMS::Key'
)
SELECT t.key_arn, t.account_id, a.account_name, t.region, t.why, t.read, t.key_state, t.material_expires_at,
    date_diff('day', CAST(r.started_at AS date), CAST(t.material_expires_at AS date)) AS days_left,
    t.default_key_of_buckets
FROM told t
CROSS JOIN runs_latest r
LEFT JOIN accounts_latest a ON a.account_id = t.account_id
WHERE t.is_listed OR t.material_expires_at <= r.started_at + ${days} * INTERVAL '1' DAY
ORDER BY t.material_expires_at ASC NULLS LAST, t.account_id ASC NULLS LAST, t.region ASC NULLS LAST,
    t.key_arn ASC NULLS LAST
