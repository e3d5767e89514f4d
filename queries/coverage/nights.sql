-- title: Nights expected, run, complete
-- question: Which nights of a period have a committed census, and was it complete?
--   `is_complete` is about the night's newest census. It is false if a gap was accepted, which has its own column.
--   The calendar covers 2026 to 2049.
-- parameter: from, day, required, such as 2026-11-01: The first day.
-- parameter: to, day, required, such as 2026-11-30: The last day.
-- columns: night, has_census, is_complete, censuses, complete, complete_with_accepted_gaps, partial,
--   filtered_runs, rejudged_runs
WITH calendar AS (
    SELECT CAST(CAST(d.morning AS date) AS varchar) AS night
    FROM UNNEST(sequence(DATE '2026-01-01', DATE '2049-12-31', INTERVAL '1' DAY)) AS d (morning)
    WHERE CAST(CAST(d.morning AS date) AS varchar) BETWEEN ${from} AND ${to}
)
SELECT calendar.night,
    count(*) FILTER (WHERE r.kind = 'census') > 0 AS has_census,
    coalesce(max_by(r.status, r.run_id) FILTER (WHERE r.kind = 'census') = 'complete', FALSE) AS is_complete,
    count(*) FILTER (WHERE r.kind = 'census') AS censuses,
    count(*) FILTER (WHERE r.kind = 'census' AND r.status = 'complete') AS complete,
    count(*) FILTER (WHERE r.kind = 'census' AND r.status = 'complete_with_accepted_gaps')
        AS complete_with_accepted_gaps,
    count(*) FILTER (WHERE r.kind = 'census' AND r.status = 'partial') AS partial,
    count(*) FILTER (WHERE r.kind = 'filtered') AS filtered_runs,
    count(*) FILTER (WHERE r.kind = 'rejudged') AS rejudged_runs
FROM calendar
LEFT JOIN runs r ON r.dt = calendar.night
GROUP BY calendar.night
ORDER BY calendar.night ASC NULLS LAST
