-- title: Posture by organizational unit
-- question: How many accounts, buckets and failing findings are there under each organizational unit?
--   `fails`, `fails_high_or_critical` and `unknowns` count findings, a check's verdict on a resource each.
--   An account counts in every unit above it, so that rows do not add up; one whose units were not reported is under
--   `not_reported` alone, and not under the root. Counts are of what was seen: they are at least so many where
--   buckets or keys were not listed to the end in some of the accounts, and NULL where in none of them.
-- columns: ou_id, ou_name, accounts, accounts_complete, accounts_with_unlisted_buckets, accounts_with_unlisted_keys,
--   buckets, keys, fails, fails_high_or_critical, unknowns
WITH failing AS (
    SELECT account_id,
        count(*) FILTER (WHERE verdict = 'fail') AS fails,
        count(*) FILTER (WHERE verdict = 'fail' AND severity IN ('high', 'critical')) AS grave,
        count(*) FILTER (WHERE verdict = 'unknown') AS unknowns
    FROM findings_latest
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
    CAST(coalesce(sum(f.fails), 0) AS bigint) AS fails,
    CAST(coalesce(sum(f.grave), 0) AS bigint) AS fails_high_or_critical,
    CAST(coalesce(sum(f.unknowns), 0) AS bigint) AS unknowns
FROM member m
LEFT JOIN failing f ON f.account_id = m.account_id
LEFT JOIN unlisted n ON n.account_id = m.account_id
GROUP BY m.ou_id
ORDER BY accounts DESC NULLS LAST, m.ou_id ASC NULLS LAST
