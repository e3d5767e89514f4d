-- title: Time to remediate
-- question: Of the findings that failed and pass in the newest census: how long did each fail?
--   Counted from the first fail after the last pass before it, to the first pass after the last fail, as in
--   `first_seen`: only a pass is a remediation. What became `not_applicable`, is gone, lost sight of or covered by an
--   exception is not here; such nights between a fail and the pass that followed count as days of failing.
-- columns: account_id, region, resource_arn, check_id, check_params, severity, failed_at, passed_at, days_failed,
--   finding_uid
WITH seen AS (
    SELECT f.finding_uid, f.verdict_before_exception AS verdict, c.newest_first AS nights_ago
    FROM findings f
    JOIN censuses c ON c.dt = f.dt AND c.run_id = f.run_id
    WHERE f.verdict_before_exception IN ('fail', 'pass')
),
last_fail AS (
    SELECT finding_uid, min(nights_ago) AS last_failed
    FROM seen
    WHERE verdict = 'fail'
    GROUP BY finding_uid
),
pass_before AS (
    SELECT l.finding_uid, min(s.nights_ago) AS passed_before
    FROM last_fail l
    JOIN seen s ON s.finding_uid = l.finding_uid
    WHERE s.verdict = 'pass' AND s.nights_ago > l.last_failed
    GROUP BY l.finding_uid
),
stretch AS (
    SELECT l.finding_uid,
        max(CASE WHEN s.verdict = 'fail' AND (b.passed_before IS NULL OR s.nights_ago < b.passed_before)
            THEN s.nights_ago END) AS failed,
        max(CASE WHEN s.verdict = 'pass' AND s.nights_ago < l.last_failed THEN s.nights_ago END) AS passed
    FROM last_fail l
    JOIN seen s ON s.finding_uid = l.finding_uid
    LEFT JOIN pass_before b ON b.finding_uid = l.finding_uid
    GROUP BY l.finding_uid
)
SELECT f.account_id, f.region, f.resource_arn, f.check_id, f.check_params, f.severity,
    fail_night.started_at AS failed_at, pass_night.started_at AS passed_at,
    date_diff('day', CAST(fail_night.started_at AS date), CAST(pass_night.started_at AS date)) AS days_failed,
    f.finding_uid
FROM findings_latest f
JOIN stretch s ON s.finding_uid = f.finding_uid
JOIN censuses fail_night ON fail_night.newest_first = s.failed
JOIN censuses pass_night ON pass_night.newest_first = s.passed
WHERE f.verdict = 'pass'
ORDER BY days_failed DESC NULLS LAST, f.account_id ASC NULLS LAST, f.resource_arn ASC NULLS LAST,
    f.check_id ASC NULLS LAST, f.finding_uid ASC NULLS LAST
