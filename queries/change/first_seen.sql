-- title: How long what fails now has been failing
-- question: Since which census has each fail been seen, and how long has it been failing without a break?
--   A night that could not say (`unknown`) breaks nothing; a pass does.
-- parameter: severity, text, default null, such as high: Only this severity.
-- columns: severity, account_id, region, resource_arn, check_id, check_params, first_failed_at, failing_since,
--   days_failing, finding_uid
WITH seen AS (
    SELECT f.finding_uid, f.verdict_before_exception AS verdict, c.started_at
    FROM findings f
    JOIN censuses c ON c.dt = f.dt AND c.run_id = f.run_id
),
history AS (
    SELECT s.finding_uid,
        min(CASE WHEN s.verdict = 'fail' THEN s.started_at END) AS first_failed_at,
        max(CASE WHEN s.verdict IN ('pass', 'not_applicable') THEN s.started_at END) AS last_held_at
    FROM seen s
    GROUP BY s.finding_uid
),
since AS (
    SELECT h.finding_uid, h.first_failed_at, min(s.started_at) AS failing_since
    FROM history h
    JOIN seen s ON s.finding_uid = h.finding_uid
    WHERE s.verdict = 'fail' AND (h.last_held_at IS NULL OR s.started_at > h.last_held_at)
    GROUP BY h.finding_uid, h.first_failed_at
)
SELECT f.severity, f.account_id, f.region, f.resource_arn, f.check_id, f.check_params, s.first_failed_at,
    s.failing_since, date_diff('day', CAST(s.failing_since AS date), CAST(r.started_at AS date)) AS days_failing,
    f.finding_uid
FROM findings_latest f
JOIN runs_latest r ON r.run_id = f.run_id
LEFT JOIN since s ON s.finding_uid = f.finding_uid
WHERE f.verdict = 'fail' AND (${severity} IS NULL OR f.severity = ${severity})
ORDER BY s.failing_since ASC NULLS LAST, f.account_id ASC NULLS LAST, f.resource_arn ASC NULLS LAST,
    f.check_id ASC NULLS LAST, f.finding_uid ASC NULLS LAST
