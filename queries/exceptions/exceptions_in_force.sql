-- title: Exceptions in force, and those that expire
-- question: Which exceptions accept fails, how many, until when, and which of them end within the next days?
-- parameter: days, integer, default 30: Days ahead that count as soon.
-- columns: exception_id, exception_expires_at, days_left, expires_soon, check_id, severity, accounts, findings
WITH ending AS (
    SELECT DISTINCT f.exception_id, f.exception_expires_at
    FROM findings_latest f
    JOIN runs_latest r ON r.run_id = f.run_id
    WHERE f.verdict = 'exempt' AND f.exception_expires_at < r.started_at + ${days} * INTERVAL '1' DAY
)
SELECT f.exception_id, f.exception_expires_at,
    date_diff('day', CAST(r.started_at AS date), CAST(f.exception_expires_at AS date)) AS days_left,
    e.exception_id IS NOT NULL AS expires_soon,
    f.check_id, f.severity, count(DISTINCT f.account_id) AS accounts, count(*) AS findings
FROM findings_latest f
JOIN runs_latest r ON r.run_id = f.run_id
LEFT JOIN ending e ON e.exception_id = f.exception_id AND e.exception_expires_at = f.exception_expires_at
WHERE f.verdict = 'exempt'
GROUP BY f.exception_id, f.exception_expires_at, r.started_at, e.exception_id, f.check_id, f.severity
ORDER BY f.exception_expires_at ASC NULLS LAST, f.exception_id ASC NULLS LAST, f.check_id ASC NULLS LAST,
    f.severity ASC NULLS LAST
