-- title: Trend by night
-- question: How do coverage and fails develop from census to census?
--   A different standard (`standard_sha256`) counts different fails. `fails`, `exempt` and `unknowns` count findings,
--   not resources: a resource has one finding for each check.
-- parameter: nights, integer, default 30: Censuses to look back.
-- columns: run_id, started_at, status, accounts_listed, accounts_complete, buckets, keys, fails, fails_critical,
--   fails_high, exempt, unknowns, standard_sha256
SELECT n.run_id, n.started_at, r.status, r.accounts_listed, r.accounts_complete, r.buckets, r.keys,
    count(*) FILTER (WHERE f.verdict = 'fail') AS fails,
    count(*) FILTER (WHERE f.verdict = 'fail' AND f.severity = 'critical') AS fails_critical,
    count(*) FILTER (WHERE f.verdict = 'fail' AND f.severity = 'high') AS fails_high,
    count(*) FILTER (WHERE f.verdict = 'exempt') AS exempt,
    count(*) FILTER (WHERE f.verdict = 'unknown') AS unknowns,
    r.standard_sha256
FROM censuses n
JOIN runs r ON r.dt = n.dt AND r.run_id = n.run_id
LEFT JOIN findings f ON f.dt = n.dt AND f.run_id = n.run_id
WHERE n.newest_first <= ${nights}
GROUP BY n.run_id, n.started_at, r.status, r.accounts_listed, r.accounts_complete, r.buckets, r.keys,
    r.standard_sha256
ORDER BY n.run_id ASC NULLS LAST
