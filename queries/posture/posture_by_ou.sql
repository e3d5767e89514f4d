-- title: Posture by organizational unit
-- question: How many accounts, buckets and keys are there under each organizational unit, and how do they stand?
--   An account counts in every unit above it, so that rows do not add up; one whose units were not reported is under
--   `not_reported` alone, and not under the root. Counts are of what was seen: they are at least so many where
--   buckets or keys were not listed to the end in some of the accounts, and NULL where in none of them.
--   Each resource is counted once, whatever number of checks it fails: `buckets_clean` have no fail at medium or worse
--   and no unknown; of the others `buckets_fail` have such a fail, `buckets_unknown` an unknown, `buckets_exempt` an
--   exception for such a fail, and to `buckets_not_judged` no check applies. `buckets_meet_default_encryption` is one
--   check, by itself. `fails` and `fails_high_or_critical` count resources with such a fail, and `unknowns` those with an
--   unknown.
-- columns: ou_id, ou_name, accounts, accounts_complete, accounts_with_unlisted_buckets, accounts_with_unlisted_keys,
--   buckets, keys, fails, fails_high_or_critical, unknowns, buckets_clean, buckets_fail, buckets_unknown,
--   buckets_exempt, buckets_not_judged, buckets_meet_default_encryption
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
        count(*) FILTER (WHERE worst >= 1) AS fails,
        count(*) FILTER (WHERE worst >= 4) AS grave,
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
),
member AS (
    SELECT u.ou_id, a.account_id, a.scan_status, a.buckets, a.keys,
        CASE WHEN a.ou_ids IS NOT NULL THEN a.ou_names[array_position(a.ou_ids, u.ou_id)] END AS ou_name
    FROM accounts_latest a
    CROSS JOIN UNNEST(coalesce(a.ou_ids, ARRAY['not_reported'])) AS u (ou_id)
)
SELECT m.ou_id, max(m.ou_name) AS ou_name,
    count(*) AS accounts,
    count(*) FILTER (WHERE m.scan_status = 'complete') AS accounts_complete,
    count(*) FILTER (WHERE n.buckets > 0) AS accounts_with_unlisted_buckets,
    count(*) FILTER (WHERE n.keys > 0) AS accounts_with_unlisted_keys,
    CAST(sum(m.buckets) AS bigint) AS buckets,
    CAST(sum(m.keys) AS bigint) AS keys,
    CAST(coalesce(sum(j.fails), 0) AS bigint) AS fails,
    CAST(coalesce(sum(j.grave), 0) AS bigint) AS fails_high_or_critical,
    CAST(coalesce(sum(j.unknowns), 0) AS bigint) AS unknowns,
    CAST(sum(CASE WHEN m.buckets IS NOT NULL THEN coalesce(j.buckets_clean, 0) END) AS bigint) AS buckets_clean,
    CAST(sum(CASE WHEN m.buckets IS NOT NULL THEN coalesce(j.buckets_fail, 0) END) AS bigint) AS buckets_fail,
    CAST(sum(CASE WHEN m.buckets IS NOT NULL THEN coalesce(j.buckets_unknown, 0) END) AS bigint) AS buckets_unknown,
    CAST(sum(CASE WHEN m.buckets IS NOT NULL THEN coalesce(j.buckets_exempt, 0) END) AS bigint) AS buckets_exempt,
    CAST(sum(CASE WHEN m.buckets IS NOT NULL THEN coalesce(j.buckets_not_judged, 0) END) AS bigint) AS buckets_not_judged,
    CAST(sum(CASE WHEN m.buckets IS NOT NULL THEN coalesce(j.buckets_meet_default_encryption, 0) END) AS bigint) AS buckets_meet_default_encryption
FROM member m
LEFT JOIN judged j ON j.account_id = m.account_id
LEFT JOIN unlisted n ON n.account_id = m.account_id
GROUP BY m.ou_id
ORDER BY accounts DESC NULLS LAST, m.ou_id ASC NULLS LAST
