-- title: Evidence by framework and control
-- question: What does the newest census say for each control: how many resources pass, fail, or cannot be said?
--   A row is a check instance for a control, by one `source`: the document and section that connect the two. A
--   resource counts in every row of its check, so the rows of a control are not to be added up. A control's other
--   evidence, of people and processes, is not here, and neither is a resource that was never listed: `run_status`
--   is `partial` where something could not be seen, and the question `population` says what. `not_judged` are listed
--   resources of which the standard does not ask the check. A control whose checks are all off has no row.
-- parameter: framework, text, default null, such as PCI DSS: Only this framework.
-- columns: framework, framework_version, control_id, control_title, relation, source, check_id, check_params, pass,
--   fail, exempt, unknown, not_applicable, not_judged, run_id, run_status
WITH verdict AS (
    SELECT check_id, coalesce(check_params, '') AS check_params, count(*) AS judged,
        count(*) FILTER (WHERE verdict = 'pass') AS pass,
        count(*) FILTER (WHERE verdict = 'fail') AS fail,
        count(*) FILTER (WHERE verdict = 'exempt') AS exempt,
        count(*) FILTER (WHERE verdict = 'unknown') AS unknown,
        count(*) FILTER (WHERE verdict = 'not_applicable') AS not_applicable
    FROM findings_latest
    GROUP BY check_id, coalesce(check_params, '')
)
SELECT c.framework, c.framework_version, c.control_id, c.control_title, c.relation, c.source, c.check_id,
    c.check_params, coalesce(v.pass, 0) AS pass, coalesce(v.fail, 0) AS fail, coalesce(v.exempt, 0) AS exempt,
    coalesce(v.unknown, 0) AS unknown, coalesce(v.not_applicable, 0) AS not_applicable,
    l.resources - coalesce(v.judged, 0) AS not_judged, c.run_id, r.status AS run_status
FROM controls_latest c
JOIN runs_latest r ON r.run_id = c.run_id
LEFT JOIN (
    SELECT 's3_' AS prefix, count(*) AS resources FROM buckets_latest
    UNION ALL
    SELECT 'kms' AS prefix, count(*) AS resources FROM keys_latest
    UNION ALL
    SELECT 'acc' AS prefix, count(*) AS resources FROM accounts_latest
) l ON l.prefix = substr(c.check_id, 1, 3)
LEFT JOIN verdict v ON v.check_id = c.check_id AND v.check_params = coalesce(c.check_params, '')
WHERE ${framework} IS NULL OR c.framework = ${framework}
ORDER BY c.framework ASC NULLS LAST, c.framework_version ASC NULLS LAST, c.control_id ASC NULLS LAST,
    c.check_id ASC NULLS LAST, c.check_params ASC NULLS FIRST, c.relation ASC NULLS LAST,
    c.control_title ASC NULLS LAST, c.source ASC NULLS LAST
