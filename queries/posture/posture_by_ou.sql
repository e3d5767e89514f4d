-- title: Posture by organizational unit
-- question: How many accounts, buckets and failing findings are there under each organizational unit?
--   An account counts in every unit above it, so the root is the sum.
-- columns: ou_id, ou_name, accounts, accounts_complete, buckets, keys, fails, fails_high_or_critical, unknowns
WITH failing AS (
    SELECT account_id,
        count(*) FILTER (WHERE verdict = 'fail') AS fails,
        count(*) FILTER (WHERE verdict = 'fail' AND severity IN ('high', 'critical')) AS grave,
        count(*) FILTER (WHERE verdict = 'unknown') AS unknowns
    FROM findings_latest
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
    CAST(coalesce(sum(m.buckets), 0) AS bigint) AS buckets,
    CAST(coalesce(sum(m.keys), 0) AS bigint) AS keys,
    CAST(coalesce(sum(f.fails), 0) AS bigint) AS fails,
    CAST(coalesce(sum(f.grave), 0) AS bigint) AS fails_high_or_critical,
    CAST(coalesce(sum(f.unknowns), 0) AS bigint) AS unknowns
FROM member m
LEFT JOIN failing f ON f.account_id = m.account_id
GROUP BY m.ou_id
ORDER BY accounts DESC NULLS LAST, m.ou_id ASC NULLS LAST
