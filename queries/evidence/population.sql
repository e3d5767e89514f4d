-- title: The population, reconciled
-- question: Does the newest census add up: is every account, bucket, key and verdict that it counts a row of its table?
--   One row for each count. `expected_by` says where `expected` comes from, `found` is counted over the rows.
--   `judged_*` are the resources that the findings name, found among the rows of their own table. What was never
--   listed is in no count: `accounts_not_listed` says for how many accounts there is no complete list of buckets,
--   or of keys in every Region; accounts that are not scanned are among them.
-- columns: run_id, started_at, status, counted, expected_by, expected, found, accounts_not_listed, adds_up
WITH account AS (
    SELECT count(*) AS listed,
        count(*) FILTER (WHERE scan_status = 'complete') AS complete,
        count(*) FILTER (WHERE scan_status = 'partial') AS partial,
        count(*) FILTER (WHERE scan_status = 'unreachable') AS unreachable,
        count(*) FILTER (WHERE scan_status = 'not_scanned') AS not_scanned,
        CAST(coalesce(sum(buckets), 0) AS bigint) AS buckets,
        CAST(coalesce(sum(keys), 0) AS bigint) AS keys
    FROM accounts_latest
),
unlisted AS (
    SELECT count(DISTINCT account_id) FILTER (WHERE resource_type = 'AWS::S3::Bucket') AS buckets,
        count(DISTINCT account_id) FILTER (WHERE resource_type = 'AWS::KMS::Key') AS keys
    FROM unlisted_latest
),
judged AS (
    SELECT resource_type, account_id, resource_arn,
        count(*) FILTER (WHERE verdict = 'fail') AS fails,
        count(*) FILTER (WHERE verdict = 'unknown') AS unknowns
    FROM findings_latest
    GROUP BY resource_type, account_id, resource_arn
),
finding AS (
    SELECT CAST(coalesce(sum(j.fails), 0) AS bigint) AS fails,
        CAST(coalesce(sum(j.unknowns), 0) AS bigint) AS unknowns,
        count(*) FILTER (WHERE j.resource_type = 'AWS::Organizations::Account') AS accounts,
        count(*) FILTER (WHERE j.resource_type = 'AWS::Organizations::Account' AND a.account_id IS NOT NULL)
            AS accounts_found,
        count(*) FILTER (WHERE j.resource_type = 'AWS::S3::Bucket') AS buckets,
        count(*) FILTER (WHERE j.resource_type = 'AWS::S3::Bucket' AND b.account_id IS NOT NULL) AS buckets_found,
        count(*) FILTER (WHERE j.resource_type = 'AWS::KMS::Key') AS keys,
        count(*) FILTER (WHERE j.resource_type = 'AWS::KMS::Key' AND k.account_id IS NOT NULL) AS keys_found
    FROM judged j
    LEFT JOIN (SELECT DISTINCT account_id FROM accounts_latest) a ON a.account_id = j.account_id
    LEFT JOIN (SELECT DISTINCT account_id, bucket_arn FROM buckets_latest) b
        ON b.account_id = j.account_id AND b.bucket_arn = j.resource_arn
    LEFT JOIN (SELECT DISTINCT account_id, key_arn FROM keys_latest) k
        ON k.account_id = j.account_id AND k.key_arn = j.resource_arn
),
item AS (
    SELECT place, counted, expected_by
    FROM (VALUES
        (1, 'accounts', 'runs.accounts_listed'),
        (2, 'accounts_complete', 'runs.accounts_complete'),
        (3, 'accounts_partial', 'runs.accounts_partial'),
        (4, 'accounts_unreachable', 'runs.accounts_unreachable'),
        (5, 'accounts_not_scanned', 'runs.accounts_not_scanned'),
        (6, 'buckets', 'runs.buckets'),
        (7, 'buckets', 'accounts.buckets'),
        (8, 'keys', 'runs.keys'),
        (9, 'keys', 'accounts.keys'),
        (10, 'findings_fail', 'runs.findings_fail'),
        (11, 'findings_unknown', 'runs.findings_unknown'),
        (12, 'judged_accounts', 'findings'),
        (13, 'judged_buckets', 'findings'),
        (14, 'judged_keys', 'findings'),
        (15, 'calls', 'runs.calls')
    ) AS v (place, counted, expected_by)
),
held AS (
    SELECT r.run_id, r.started_at, r.status, i.place, i.counted, i.expected_by,
        CASE i.place WHEN 1 THEN r.accounts_listed WHEN 2 THEN r.accounts_complete WHEN 3 THEN r.accounts_partial
            WHEN 4 THEN r.accounts_unreachable WHEN 5 THEN r.accounts_not_scanned WHEN 6 THEN r.buckets
            WHEN 7 THEN a.buckets WHEN 8 THEN r.keys WHEN 9 THEN a.keys WHEN 10 THEN r.findings_fail
            WHEN 11 THEN r.findings_unknown WHEN 12 THEN f.accounts WHEN 13 THEN f.buckets WHEN 14 THEN f.keys
            ELSE r.calls END AS expected,
        CASE i.place WHEN 1 THEN a.listed WHEN 2 THEN a.complete WHEN 3 THEN a.partial WHEN 4 THEN a.unreachable
            WHEN 5 THEN a.not_scanned WHEN 6 THEN b.bucket_rows WHEN 7 THEN b.bucket_rows WHEN 8 THEN k.key_rows
            WHEN 9 THEN k.key_rows WHEN 10 THEN f.fails WHEN 11 THEN f.unknowns WHEN 12 THEN f.accounts_found
            WHEN 13 THEN f.buckets_found WHEN 14 THEN f.keys_found ELSE c.calls END AS found,
        CASE i.counted WHEN 'buckets' THEN u.buckets WHEN 'keys' THEN u.keys END AS accounts_not_listed
    FROM runs_latest r
    CROSS JOIN item i
    CROSS JOIN account a
    CROSS JOIN (SELECT count(*) AS bucket_rows FROM buckets_latest) b
    CROSS JOIN (SELECT count(*) AS key_rows FROM keys_latest) k
    CROSS JOIN finding f
    CROSS JOIN (SELECT CAST(coalesce(sum(asked), 0) AS bigint) AS calls FROM coverage_latest) c
    CROSS JOIN unlisted u
)
SELECT run_id, started_at, status, counted, expected_by, expected, found, accounts_not_listed,
    expected = found AS adds_up
FROM held
ORDER BY place ASC NULLS LAST
