-- title: What changed since the last census
-- question: What became of every fail between the newest census and the one before it?
--   The rule is that of the report: a fail is fixed only if it passes or a complete listing proves it gone; what
--   can no longer be decided is `lost_sight`. `first_census`: there is no earlier census.
-- parameter: kind, new|reopened|newly_checked|fixed|lost_sight|excepted|no_longer_applicable|no_longer_checked|still_failing, default null, such as still_failing:
--   One kind; without it, all but still_failing.
-- columns: kind, how, severity, account_id, region, resource_type, resource_arn, check_id, check_params, finding_uid
WITH pair AS (
    SELECT run_id, dt, previous_run_id, previous_dt
    FROM censuses
    WHERE newest_first = 1 AND previous_run_id IS NOT NULL
),
present AS (
    SELECT f.*
    FROM findings f
    JOIN pair p ON p.dt = f.dt AND p.run_id = f.run_id
),
past AS (
    SELECT f.*
    FROM findings f
    JOIN pair p ON p.previous_dt = f.dt AND p.previous_run_id = f.run_id
),
failed_before AS (
    SELECT DISTINCT f.finding_uid
    FROM findings f
    JOIN censuses c ON c.dt = f.dt AND c.run_id = f.run_id
    WHERE c.newest_first BETWEEN 2 AND 31 AND f.verdict_before_exception = 'fail'
),
checked_now AS (
    SELECT DISTINCT k.check_id, coalesce(k.check_params, '') AS check_params
    FROM checks k
    JOIN pair p ON p.dt = k.dt AND p.run_id = k.run_id
),
checked_then AS (
    SELECT DISTINCT k.check_id, coalesce(k.check_params, '') AS check_params
    FROM checks k
    JOIN pair p ON p.previous_dt = k.dt AND p.previous_run_id = k.run_id
),
account_now AS (
    SELECT DISTINCT a.account_id
    FROM accounts a
    JOIN pair p ON p.dt = a.dt AND p.run_id = a.run_id
),
resource_now AS (
    SELECT b.account_id, b.bucket_arn AS resource_arn
    FROM buckets b
    JOIN pair p ON p.dt = b.dt AND p.run_id = b.run_id
    UNION
    SELECT k.account_id, k.key_arn AS resource_arn
    FROM keys k
    JOIN pair p ON p.dt = k.dt AND p.run_id = k.run_id
),
listed_now AS (
    SELECT DISTINCT
        CASE c.operation WHEN 's3:ListBuckets' THEN 'AWS::S3::Bucket' ELSE 'AWS::KMS::Key' END AS resource_type,
        c.account_id,
        CASE c.operation WHEN 's3:ListBuckets' THEN '' ELSE c.region END AS region
    FROM coverage c
    JOIN pair p ON p.dt = c.dt AND p.run_id = c.run_id
    WHERE c.operation IN ('s3:ListBuckets', 'kms:ListKeys') AND c.complete AND c.known > 0
),
ended AS (
    SELECT t.*, n.verdict AS verdict_now, k.check_id IS NOT NULL AS is_checked,
        substr(t.check_id, 1, 10) = 'exception_' AS only_fails_are_said,
        CASE
            WHEN t.resource_type = 'AWS::Organizations::Account' AND a.account_id IS NOT NULL THEN 'there'
            WHEN t.resource_type = 'AWS::Organizations::Account' THEN 'gone'
            WHEN r.resource_arn IS NOT NULL THEN 'there'
            WHEN l.account_id IS NOT NULL THEN 'gone'
            WHEN a.account_id IS NOT NULL THEN 'not_listed'
            ELSE 'account_left'
        END AS place
    FROM past t
    LEFT JOIN present n ON n.finding_uid = t.finding_uid
    LEFT JOIN checked_now k ON k.check_id = t.check_id AND k.check_params = coalesce(t.check_params, '')
    LEFT JOIN account_now a ON a.account_id = t.account_id
    LEFT JOIN resource_now r ON r.account_id = t.account_id AND r.resource_arn = t.resource_arn
    LEFT JOIN listed_now l ON l.resource_type = t.resource_type AND l.account_id = t.account_id
        AND l.region = CASE t.resource_type WHEN 'AWS::S3::Bucket' THEN '' ELSE t.region END
    WHERE t.verdict = 'fail' AND coalesce(n.verdict, '') <> 'fail'
),
course AS (
    SELECT
        CASE
            WHEN verdict_now = 'pass' THEN 'passes'
            WHEN verdict_now = 'unknown' THEN 'unknown'
            WHEN verdict_now = 'exempt' THEN 'exempt'
            WHEN verdict_now = 'not_applicable' THEN 'not_applicable'
            WHEN NOT is_checked THEN 'check_off'
            WHEN place = 'there' AND only_fails_are_said THEN 'passes'
            WHEN place = 'there' THEN 'not_asked'
            ELSE place
        END AS how,
        severity, account_id, region, resource_type, resource_arn, check_id, check_params, finding_uid
    FROM ended
    UNION ALL
    SELECT
        CASE
            WHEN t.verdict = 'fail' THEN 'still_failing'
            WHEN b.finding_uid IS NOT NULL THEN 'reopened'
            WHEN k.check_id IS NULL THEN 'newly_checked'
            WHEN t.verdict = 'unknown' THEN 'was_unknown'
            ELSE 'new'
        END AS how,
        n.severity, n.account_id, n.region, n.resource_type, n.resource_arn, n.check_id, n.check_params,
        n.finding_uid
    FROM present n
    LEFT JOIN past t ON t.finding_uid = n.finding_uid
    LEFT JOIN failed_before b ON b.finding_uid = n.finding_uid
    LEFT JOIN checked_then k ON k.check_id = n.check_id AND k.check_params = coalesce(n.check_params, '')
    WHERE n.verdict = 'fail'
),
named AS (
    SELECT
        CASE
            WHEN how IN ('new', 'was_unknown') THEN 'new'
            WHEN how IN ('passes', 'gone') THEN 'fixed'
            WHEN how IN ('unknown', 'not_listed', 'account_left') THEN 'lost_sight'
            WHEN how = 'exempt' THEN 'excepted'
            WHEN how = 'not_applicable' THEN 'no_longer_applicable'
            WHEN how IN ('check_off', 'not_asked') THEN 'no_longer_checked'
            ELSE how
        END AS kind, course.*
    FROM course
    UNION ALL
    SELECT 'first_census', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM censuses
    WHERE newest_first = 1 AND previous_run_id IS NULL
)
SELECT kind, how, severity, account_id, region, resource_type, resource_arn, check_id, check_params, finding_uid
FROM named
WHERE kind = 'first_census' OR CASE WHEN ${kind} IS NULL THEN kind <> 'still_failing' ELSE kind = ${kind} END
ORDER BY kind ASC NULLS LAST, how ASC NULLS LAST, account_id ASC NULLS LAST, resource_arn ASC NULLS LAST,
    check_id ASC NULLS LAST, finding_uid ASC NULLS LAST
