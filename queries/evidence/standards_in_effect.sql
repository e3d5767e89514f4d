-- title: Which standard applied when
-- question: Which standard and which exceptions was each run judged by, and from which run to which?
--   The manifests name the standard's id and version beside its hash.
-- columns: standard_sha256, exceptions_sha256, first_run_id, last_run_id, first_started_at, last_started_at, runs
SELECT standard_sha256, exceptions_sha256, min(run_id) AS first_run_id, max(run_id) AS last_run_id,
    min(started_at) AS first_started_at, max(started_at) AS last_started_at, count(*) AS runs
FROM (
    SELECT run_id, started_at, standard_sha256, exceptions_sha256,
        row_number() OVER (ORDER BY run_id)
            - row_number() OVER (PARTITION BY standard_sha256, exceptions_sha256 ORDER BY run_id) AS stretch
    FROM runs
) numbered
GROUP BY standard_sha256, exceptions_sha256, stretch
ORDER BY first_run_id ASC NULLS LAST
