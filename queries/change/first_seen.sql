-- title: How long what fails now has been failing
-- question: Since which census has each fail been seen, and how long has it been failing without a break?
--   Only a pass is a break. A night with `unknown`, with `not_applicable` or with an exception is not a break,
--   and its days count.
-- parameter: severity, informational|low|medium|high|critical, default null, such as high: Only this severity.
-- columns: severity, account_id, region, resource_arn, check_id, check_params, first_failed_at, failing_since,
--   days_failing, finding_uid
WITH seen AS (
    SELECT f.finding_uid, f.verdict_before_exception AS verdict, c.newest_first AS nights_ago
    FROM findings f
    JOIN censuses c ON c.dt = f.dt AND c.run_id = f.run_id
),
history AS (
    SELECT finding_uid,
        max(CASE WHEN verdict = 'fail' THEN nights_ago END) AS first_failed,
        min(CASE WHEN verdict = 'pass' THEN nights_ago END) AS last_passed
    FROM seen
    GROUP BY finding_uid
),
stretch AS (
    SELECT h.finding_uid, h.first_failed, max(s.nights_ago) AS failing
    FROM history h
    JOIN seen s ON s.finding_uid = h.finding_uid
    WHERE s.verdict = 'fail' AND (h.last_passed IS NULL OR s.nights_ago < h.last_passed)
    GROUP BY h.finding_uid, h.first_failed
)
SELECT f.severity, f.account_id, f.region, f.resource_arn, f.check_id, f.check_params,
    first_night.started_at AS first_failed_at, since_night.started_at AS failing_since,
    date_diff('day', CAST(since_night.started_at AS date), CAST(r.started_at AS date)) AS days_failing,
    f.finding_uid
FROM findings_latest f
JOIN runs_latest r ON r.run_id = f.run_id
LEFT JOIN stretch s ON s.finding_uid = f.finding_uid
LEFT JOIN censuses first_night ON first_night.newest_first = s.first_failed
LEFT JOIN censuses since_night ON since_night.newest_first = s.failing
WHERE f.verdict = 'fail' AND (${severity} IS NULL OR f.severity = ${severity})
ORDER BY since_night.started_at ASC NULLS LAST, f.account_id ASC NULLS LAST, f.resource_arn ASC NULLS LAST,
    f.check_id ASC NULLS LAST, f.finding_uid ASC NULLS LAST
