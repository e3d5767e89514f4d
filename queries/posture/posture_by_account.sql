-- title: Posture by account
-- question: How does each account stand: was it seen, what does it hold, what fails in it?
-- parameter: account_id, account, default null, such as 111122223333: Only this account.
-- columns: account_id, account_name, ou_path, scan_status, scan_reason, buckets, keys, fails_critical,
--   fails_high, fails_medium, fails_low, fails_informational, exempt, unknowns
SELECT a.account_id, a.account_name, array_join(a.ou_names, '/') AS ou_path, a.scan_status, a.scan_reason,
    a.buckets, a.keys,
    count(*) FILTER (WHERE f.verdict = 'fail' AND f.severity = 'critical') AS fails_critical,
    count(*) FILTER (WHERE f.verdict = 'fail' AND f.severity = 'high') AS fails_high,
    count(*) FILTER (WHERE f.verdict = 'fail' AND f.severity = 'medium') AS fails_medium,
    count(*) FILTER (WHERE f.verdict = 'fail' AND f.severity = 'low') AS fails_low,
    count(*) FILTER (WHERE f.verdict = 'fail' AND f.severity = 'informational') AS fails_informational,
    count(*) FILTER (WHERE f.verdict = 'exempt') AS exempt,
    count(*) FILTER (WHERE f.verdict = 'unknown') AS unknowns
FROM accounts_latest a
LEFT JOIN findings_latest f ON f.account_id = a.account_id
WHERE ${account_id} IS NULL OR a.account_id = ${account_id}
GROUP BY a.account_id, a.account_name, array_join(a.ou_names, '/'), a.scan_status, a.scan_reason,
    a.buckets, a.keys
ORDER BY fails_critical DESC NULLS LAST, fails_high DESC NULLS LAST, fails_medium DESC NULLS LAST,
    a.account_id ASC NULLS LAST
