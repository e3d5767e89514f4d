-- title: Calls and throttles
-- question: How many calls did each of the last nights make, how many were repeated or throttled, how slow were they?
--   The share of throttles is rounded up.
-- parameter: nights, integer, default 7: Censuses to look back.
-- columns: run_id, started_at, service, operation, calls, retries, throttles, throttled_percent, p50_ms, p99_ms
SELECT c.run_id, n.started_at, c.service, c.operation, c.calls, c.retries, c.throttles,
    ceil(1000 * CAST(c.throttles AS double) / nullif(CAST(c.calls AS double), 0)) / 10 AS throttled_percent,
    c.p50_ms, c.p99_ms
FROM calls c
JOIN censuses n ON n.dt = c.dt AND n.run_id = c.run_id
WHERE n.newest_first <= ${nights}
ORDER BY c.run_id DESC NULLS LAST, c.throttles DESC NULLS LAST, c.service ASC NULLS LAST,
    c.operation ASC NULLS LAST
