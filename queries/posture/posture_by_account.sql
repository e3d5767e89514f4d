-- title: Posture by account
-- question: How does each account stand: was it seen, what does it hold, what fails in it?
--   `fails_*`, `exempt` and `unknowns` count findings, a check's verdict on a resource each: they are no number of resources.
--   Counts are of what was seen: they are at least so many where `buckets_listed` or `keys_listed` is false, and NULL
--   where nothing was listed. `ou_path` is NULL where the account's units were not reported.
-- parameter: account_id, account, default null, such as 111122223333: Only this account.
-- columns: account_id, account_name, ou_path, scan_status, scan_reason, buckets_listed, keys_listed, buckets, keys,
--   fails_critical, fails_high, fails_medium, fails_low, fails_informational, exempt, unknowns
WITH judged AS (
    SELECT account_id,
        count(*) FILTER (WHERE verdict = 'fail' AND severity = 'critical') AS fails_critical,
        count(*) FILTER (WHERE verdict = 'fail' AND severity = 'high') AS fails_high,
        count(*) FILTER (WHERE verdict = 'fail' AND severity = 'medium') AS fails_medium,
        count(*) FILTER (WHERE verdict = 'fail' AND severity = 'low') AS fails_low,
        count(*) FILTER (WHERE verdict = 'fail' AND severity = 'informational') AS fails_informational,
        count(*) FILTER (WHERE verdict = 'exempt') AS exempt,
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
)
SELECT a.account_id, a.account_name, array_join(a.ou_names, '/', '(not read)') AS ou_path, a.scan_status,
    a.scan_reason, coalesce(n.buckets, 0) = 0 AS buckets_listed, coalesce(n.keys, 0) = 0 AS keys_listed,
    a.buckets, a.keys,
    coalesce(j.fails_critical, 0) AS fails_critical, coalesce(j.fails_high, 0) AS fails_high,
    coalesce(j.fails_medium, 0) AS fails_medium, coalesce(j.fails_low, 0) AS fails_low,
    coalesce(j.fails_informational, 0) AS fails_informational, coalesce(j.exempt, 0) AS exempt,
    coalesce(j.unknowns, 0) AS unknowns
FROM accounts_latest a
LEFT JOIN judged j ON j.account_id = a.account_id
LEFT JOIN unlisted n ON n.account_id = a.account_id
WHERE ${account_id} IS NULL OR a.account_id = ${account_id}
ORDER BY fails_critical DESC NULLS LAST, fails_high DESC NULLS LAST, fails_medium DESC NULLS LAST,
    a.account_id ASC NULLS LAST
