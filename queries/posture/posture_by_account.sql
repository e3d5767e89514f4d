-- title: Posture by account
-- question: How does each account stand: was it seen, what does it hold, what fails in it?
--   `fails_*`, `exempt` and `unknowns` count findings, a check's verdict on a resource each: they are no number of resources.
--   Counts are of what was seen: they are at least so many where `buckets_listed` or `keys_listed` is false, and NULL
--   where nothing was listed. `ou_path` is NULL where the account's units were not reported.
--   Each resource is counted once, whatever number of checks it fails: `buckets_clean` have no fail at medium or worse
--   and no unknown; of the others `buckets_fail` have such a fail, `buckets_unknown` an unknown, `buckets_exempt` an
--   exception for such a fail, and to `buckets_not_judged` no check applies. `buckets_meet_default_encryption` is one
--   check, by itself. `fails_critical` and its like count a resource under its worst fail; `exempt` and `unknowns`
--   count resources with such a finding.
-- parameter: account_id, account, default null, such as 111122223333: Only this account.
-- columns: account_id, account_name, ou_path, scan_status, scan_reason, buckets_listed, keys_listed, buckets, keys,
--   fails_critical, fails_high, fails_medium, fails_low, fails_informational, exempt, unknowns, buckets_clean,
--   buckets_fail, buckets_unknown, buckets_exempt, buckets_not_judged, buckets_meet_default_encryption
WITH resource AS (
    SELECT account_id, resource_type, resource_arn,
        max(CASE WHEN verdict <> 'fail' THEN 0 WHEN severity = 'critical' THEN 5 WHEN severity = 'high' THEN 4
            WHEN severity = 'medium' THEN 3 WHEN severity = 'low' THEN 2 ELSE 1 END) AS worst,
        max(CASE WHEN verdict = 'unknown' THEN 1 ELSE 0 END) AS is_unknown,
        max(CASE WHEN verdict = 'exempt' THEN 1 ELSE 0 END) AS is_exempt,
        max(CASE WHEN verdict = 'exempt' AND severity IN ('medium', 'high', 'critical') THEN 1 ELSE 0 END) AS is_spared,
        max(CASE WHEN verdict <> 'not_applicable' THEN 1 ELSE 0 END) AS is_judged,
        max(CASE WHEN check_id = 's3_encryption_standard' AND verdict = 'pass' THEN 1 ELSE 0 END) AS meets_default
    FROM findings_latest
    GROUP BY account_id, resource_type, resource_arn
),
standing AS (
    SELECT account_id, resource_type, worst, is_unknown, is_exempt, meets_default,
        CASE WHEN worst >= 3 THEN 'fails' WHEN is_unknown = 1 THEN 'unknown' WHEN is_spared = 1 THEN 'exempt'
            WHEN is_judged = 1 THEN 'clean' ELSE 'not_judged' END AS stands
    FROM resource
),
judged AS (
    SELECT account_id,
        count(*) FILTER (WHERE worst = 5) AS fails_critical,
        count(*) FILTER (WHERE worst = 4) AS fails_high,
        count(*) FILTER (WHERE worst = 3) AS fails_medium,
        count(*) FILTER (WHERE worst = 2) AS fails_low,
        count(*) FILTER (WHERE worst = 1) AS fails_informational,
        count(*) FILTER (WHERE is_exempt = 1) AS exempt,
        count(*) FILTER (WHERE is_unknown = 1) AS unknowns,
        count(*) FILTER (WHERE resource_type = 'AWS::S3::Bucket' AND stands = 'clean') AS buckets_clean,
        count(*) FILTER (WHERE resource_type = 'AWS::S3::Bucket' AND stands = 'fails') AS buckets_fail,
        count(*) FILTER (WHERE resource_type = 'AWS::S3::Bucket' AND stands = 'unknown') AS buckets_unknown,
        count(*) FILTER (WHERE resource_type = 'AWS::S3::Bucket' AND stands = 'exempt') AS buckets_exempt,
        count(*) FILTER (WHERE resource_type = 'AWS::S3::Bucket' AND stands = 'not_judged') AS buckets_not_judged,
        count(*) FILTER (WHERE resource_type = 'AWS::S3::Bucket' AND meets_default = 1) AS buckets_meet_default_encryption
    FROM standing
    GROUP BY account_id
),
unlisted AS (
    SELECT account_id,
        count(*) FILTER (WHERE resource_type = 'AWS::S3::Bucket') AS buckets,
        count(*) FILTER (WHERE resource_type = 'AWS::KMS::Key') AS keys
    FROM unlisted_latest
    GROUP BY account_id
)
SELECT a.account_id, a.account_name, array_join(a.ou_names, '/', '(not read)') AS ou_path, a.scan_status,
    a.scan_reason, coalesce(n.buckets, 0) = 0 AS buckets_listed, coalesce(n.keys, 0) = 0 AS keys_listed,
    a.buckets, a.keys,
    coalesce(j.fails_critical, 0) AS fails_critical, coalesce(j.fails_high, 0) AS fails_high,
    coalesce(j.fails_medium, 0) AS fails_medium, coalesce(j.fails_low, 0) AS fails_low,
    coalesce(j.fails_informational, 0) AS fails_informational, coalesce(j.exempt, 0) AS exempt,
    coalesce(j.unknowns, 0) AS unknowns,
    CASE WHEN a.buckets IS NOT NULL THEN coalesce(j.buckets_clean, 0) END AS buckets_clean,
    CASE WHEN a.buckets IS NOT NULL THEN coalesce(j.buckets_fail, 0) END AS buckets_fail,
    CASE WHEN a.buckets IS NOT NULL THEN coalesce(j.buckets_unknown, 0) END AS buckets_unknown,
    CASE WHEN a.buckets IS NOT NULL THEN coalesce(j.buckets_exempt, 0) END AS buckets_exempt,
    CASE WHEN a.buckets IS NOT NULL THEN coalesce(j.buckets_not_judged, 0) END AS buckets_not_judged,
    CASE WHEN a.buckets IS NOT NULL THEN coalesce(j.buckets_meet_default_encryption, 0) END AS buckets_meet_default_encryption
FROM accounts_latest a
LEFT JOIN judged j ON j.account_id = a.account_id
LEFT JOIN unlisted n ON n.account_id = a.account_id
WHERE ${account_id} IS NULL OR a.account_id = ${account_id}
ORDER BY fails_critical DESC NULLS LAST, fails_high DESC NULLS LAST, fails_medium DESC NULLS LAST,
    a.account_id ASC NULLS LAST
