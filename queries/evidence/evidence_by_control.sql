-- title: Evidence by framework and control
-- question: What does the newest census say for each control: how many resources pass, fail, or are unknown?
--   A row is a check instance for a control, by one `source`: the document and section that connect the two; its
--   counts are of distinct resources, each in one of the counts, and `relation` and `note` say how far the check goes.
--   A resource counts in every row of its check, so do not add up the rows of a control. `condition` says
--   which verdicts are evidence: where it does not hold, a resource is in `not_evidence` whatever its verdict, and
--   where it is not known whether it holds, in `unknown`. A control's other evidence, of people and processes, is
--   not here, and neither is a resource that was never listed: `run_status` is `partial` where something could not be
--   seen, and the question `population` says what. `not_judged` are listed resources of which the standard does not
--   ask the check. A control whose checks are all off has no row.
-- parameter: framework, text, default null, such as PCI DSS: Only this framework.
-- columns: framework, framework_version, control_id, control_title, relation, source, check_id, check_params, pass,
--   fail, exempt, unknown, not_applicable, not_judged, run_id, run_status, not_evidence, condition, note
WITH judged AS (
    SELECT check_id, coalesce(check_params, '') AS check_params, coalesce(subject, 'none') AS subject, verdict,
        count(*) AS resources
    FROM findings_latest
    GROUP BY check_id, coalesce(check_params, ''), coalesce(subject, 'none'), verdict
),
counted AS (
    SELECT e.framework, e.framework_version, e.control_id, e.control_title, e.relation, e.source, e.check_id,
        e.check_params, e.condition, e.note, e.run_id,
        CAST(coalesce(sum(j.resources), 0) AS bigint) AS judged,
        CAST(coalesce(sum(j.resources) FILTER (WHERE e.evidence = 'pass'), 0) AS bigint) AS pass,
        CAST(coalesce(sum(j.resources) FILTER (WHERE e.evidence = 'fail'), 0) AS bigint) AS fail,
        CAST(coalesce(sum(j.resources) FILTER (WHERE e.evidence = 'exempt'), 0) AS bigint) AS exempt,
        CAST(coalesce(sum(j.resources) FILTER (WHERE e.evidence = 'unknown'), 0) AS bigint) AS unknown,
        CAST(coalesce(sum(j.resources) FILTER (WHERE e.evidence = 'not_applicable'), 0) AS bigint)
            AS not_applicable,
        CAST(coalesce(sum(j.resources) FILTER (WHERE e.evidence = 'not_evidence'), 0) AS bigint) AS not_evidence
    FROM control_evidence_latest e
    LEFT JOIN judged j ON j.check_id = e.check_id AND j.check_params = coalesce(e.check_params, '')
        AND j.subject = e.subject AND j.verdict = e.verdict
    WHERE ${framework} IS NULL OR e.framework = ${framework}
    GROUP BY e.framework, e.framework_version, e.control_id, e.control_title, e.relation, e.source, e.check_id,
        e.check_params, e.condition, e.note, e.run_id
)
SELECT c.framework, c.framework_version, c.control_id, c.control_title, c.relation, c.source, c.check_id,
    c.check_params, c.pass, c.fail, c.exempt, c.unknown, c.not_applicable, l.resources - c.judged AS not_judged,
    c.run_id, r.status AS run_status, c.not_evidence, c.condition, c.note
FROM counted c
JOIN runs_latest r ON r.run_id = c.run_id
LEFT JOIN (
    SELECT 's3_' AS prefix, count(*) AS resources FROM buckets_latest
    UNION ALL
    SELECT 'kms' AS prefix, count(*) AS resources FROM keys_latest
    UNION ALL
    SELECT 'acc' AS prefix, count(*) AS resources FROM accounts_latest
) l ON l.prefix = substr(c.check_id, 1, 3)
ORDER BY c.framework ASC NULLS LAST, c.framework_version ASC NULLS LAST, c.control_id ASC NULLS LAST,
    c.check_id ASC NULLS LAST, c.check_params ASC NULLS FIRST, c.relation ASC NULLS LAST,
    c.control_title ASC NULLS LAST, c.source ASC NULLS LAST
