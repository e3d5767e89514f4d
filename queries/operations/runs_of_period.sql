-- title: Every committed run
-- question: Which runs are committed, of what kind, how complete, how long did they take?
-- parameter: from, day, default 2000-01-01: The first day.
-- columns: run_id, dt, kind, status, started_at, seconds, observed_run_id, accounts_listed, accounts_complete,
--   buckets, keys, findings_fail, findings_unknown, calls, tool_version
SELECT run_id, dt, kind, status, started_at,
    CAST(date_diff('millisecond', started_at, finished_at) AS double) / 1000 AS seconds,
    observed_run_id, accounts_listed, accounts_complete, buckets, keys, findings_fail, findings_unknown, calls,
    tool_version
FROM runs
WHERE dt >= ${from}
ORDER BY run_id DESC NULLS LAST
