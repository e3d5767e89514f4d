-- title: Rotation due
-- question: Which customer managed keys rotate within the next days, counted from the newest census, are overdue, or
--   may be? `why` says which; `read` is the result of a read that is missing, and a row without a key stands for
--   keys that were not listed. KMS does not rotate a key while it is disabled, and rotates it once it is enabled
--   again, if it is due by then. AWS managed keys rotate every year, on days that KMS does not report.
-- parameter: days, integer, default 90: Days ahead; ask with 30 for the next month.
-- columns: key_arn, account_id, account_name, region, why, read, key_state, rotation_period_days, last_rotation_at,
--   next_rotation_at, days_left
WITH rotating AS (
    SELECT k.key_arn, k.account_id, k.region, k.describe_read, k.key_state, k.rotation, k.rotation_read,
        k.key_manager IS NULL OR k.key_spec IS NULL OR k.key_origin IS NULL AS kind_not_told,
        k.rotation_period_days, k.last_rotation_at, k.next_rotation_at, r.started_at,
        -- A replica rotates with its primary.
        CASE k.multi_region WHEN 'replica' THEN p.key_state ELSE k.key_state END AS rotating_state
    FROM keys_latest k
    JOIN runs_latest r ON r.run_id = k.run_id
    LEFT JOIN keys_latest p ON p.key_arn = k.primary_key_arn
    WHERE coalesce(k.key_manager, 'CUSTOMER') = 'CUSTOMER' AND k.rotation IN ('enabled', 'unknown')
),
told AS (
    SELECT key_arn, account_id, region,
        CASE
            WHEN describe_read <> 'known' THEN 'unknown: the key was not read'
            WHEN rotation = 'unknown' THEN 'unknown: the rotation was not read'
            WHEN kind_not_told THEN 'unknown: the kind of key was not reported'
            WHEN rotating_state IS NULL THEN 'unknown: the state was not reported'
            WHEN rotating_state = 'Disabled' THEN 'suspended: the key is not enabled'
            WHEN rotating_state NOT IN ('Enabled', 'Updating') THEN 'unknown: whether it rotates in its state'
            WHEN next_rotation_at IS NULL THEN 'unknown: the next rotation was not reported'
            WHEN next_rotation_at < started_at THEN 'overdue'
            ELSE 'due'
        END AS why,
        CASE
            WHEN describe_read <> 'known' THEN describe_read
            WHEN rotation = 'unknown' THEN rotation_read
        END AS read,
        key_state, rotation_period_days, last_rotation_at, next_rotation_at, started_at
    FROM rotating
    UNION ALL
    SELECT NULL, u.account_id, u.region, 'unknown: the keys were not listed', u.read, NULL, NULL, NULL, NULL,
        r.started_at
    FROM unlisted_latest u
    CROSS JOIN runs_latest r
    WHERE u.resource_type = 'AWS::KMS::Key'
)
SELECT t.key_arn, t.account_id, a.account_name, t.region, t.why, t.read, t.key_state, t.rotation_period_days,
    t.last_rotation_at, t.next_rotation_at,
    date_diff('day', CAST(t.started_at AS date), CAST(t.next_rotation_at AS date)) AS days_left
FROM told t
LEFT JOIN accounts_latest a ON a.account_id = t.account_id
WHERE t.next_rotation_at IS NULL OR t.next_rotation_at < t.started_at + ${days} * INTERVAL '1' DAY
ORDER BY t.next_rotation_at ASC NULLS LAST, t.account_id ASC NULLS LAST, t.region ASC NULLS LAST,
    t.key_arn ASC NULLS LAST
