-- title: Posture by check
-- question: How many resources pass and fail each check, and for how many can it not be said?
--   The share is of what could be judged: passes among passes and fails, rounded down. `severity` is what the standard
--   gives a fail, `severity_max` the worst that the facts can make of one. `not_judged` are listed
--   resources of which the standard does not ask the check; for an exception's checks it is NULL. Resources that were not listed are in no
--   count: accounts_not_seen has their accounts.
-- columns: check_id, check_params, title, severity, pass, fail, exempt, unknown, not_applicable, not_judged,
--   pass_percent, severity_max
SELECT c.check_id, c.check_params, c.title, c.severity,
    count(*) FILTER (WHERE f.verdict = 'pass') AS pass,
    count(*) FILTER (WHERE f.verdict = 'fail') AS fail,
    count(*) FILTER (WHERE f.verdict = 'exempt') AS exempt,
    count(*) FILTER (WHERE f.verdict = 'unknown') AS unknown,
    count(*) FILTER (WHERE f.verdict = 'not_applicable') AS not_applicable,
    max(l.resources) - count(f.finding_uid) AS not_judged,
    floor(1000 * CAST(count(*) FILTER (WHERE f.verdict = 'pass') AS double)
        / nullif(CAST(count(*) FILTER (WHERE f.verdict IN ('pass', 'fail')) AS double), 0)) / 10 AS pass_percent,
    c.severity_max
FROM checks_latest c
LEFT JOIN (
    SELECT 's3_' AS prefix, count(*) AS resources FROM buckets_latest
    UNION ALL
    SELECT 'kms' AS prefix, count(*) AS resources FROM keys_latest
    UNION ALL
    SELECT 'acc' AS prefix, count(*) AS resources FROM accounts_latest
) l ON l.prefix = substr(c.check_id, 1, 3)
LEFT JOIN findings_latest f
    ON f.check_id = c.check_id AND coalesce(f.check_params, '') = coalesce(c.check_params, '')
GROUP BY c.check_id, c.check_params, c.title, c.severity, c.severity_max
ORDER BY fail DESC NULLS LAST, c.check_id ASC NULLS LAST, c.check_params ASC NULLS FIRST
