-- title: Which standard applied when
-- question: By which standard and which exceptions were the nights judged, and from which run to which?
--   Rows of kind `census` are the answer. Runs over a part of the organization (`filtered`) and old logs that were
--   judged again (`rejudged`) are listed below them: they do not change what applied. A `rejudged` row's
--   `started_at` is of the night, its `judged_at` of the judgement. The manifests name the standard's id and
--   version beside its hash.
-- columns: kind, standard_sha256, exceptions_sha256, first_run_id, last_run_id, first_started_at, last_started_at,
--   first_judged_at, last_judged_at, runs
SELECT kind, standard_sha256, exceptions_sha256, min(run_id) AS first_run_id, max(run_id) AS last_run_id,
    min(started_at) AS first_started_at, max(started_at) AS last_started_at,
    min(judged_at) AS first_judged_at, max(judged_at) AS last_judged_at, count(*) AS runs
FROM (
    SELECT kind, run_id, started_at, judged_at, standard_sha256, exceptions_sha256,
        row_number() OVER (PARTITION BY kind ORDER BY run_id ASC)
            - row_number() OVER (PARTITION BY kind, standard_sha256, exceptions_sha256 ORDER BY run_id ASC)
            AS stretch
    FROM runs
) numbered
GROUP BY kind, standard_sha256, exceptions_sha256, stretch
ORDER BY kind ASC NULLS LAST, first_run_id ASC NULLS LAST
