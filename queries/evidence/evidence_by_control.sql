-- title: Evidence by framework and control
-- question: What does the newest census say for each control: how many resources pass, fail, or cannot be said?
--   A control's other evidence, of people and processes, is not here.
-- parameter: framework, text, default null, such as PCI DSS: Only this framework.
-- columns: framework, framework_version, control_id, control_title, relation, check_id, check_params, pass,
--   fail, exempt, unknown, not_applicable, run_id
SELECT c.framework, c.framework_version, c.control_id, c.control_title, c.relation, c.check_id, c.check_params,
    count(*) FILTER (WHERE f.verdict = 'pass') AS pass,
    count(*) FILTER (WHERE f.verdict = 'fail') AS fail,
    count(*) FILTER (WHERE f.verdict = 'exempt') AS exempt,
    count(*) FILTER (WHERE f.verdict = 'unknown') AS unknown,
    count(*) FILTER (WHERE f.verdict = 'not_applicable') AS not_applicable,
    c.run_id
FROM controls_latest c
LEFT JOIN findings_latest f
    ON f.check_id = c.check_id AND coalesce(f.check_params, '') = coalesce(c.check_params, '')
WHERE ${framework} IS NULL OR c.framework = ${framework}
GROUP BY c.framework, c.framework_version, c.control_id, c.control_title, c.relation, c.check_id,
    c.check_params, c.run_id
ORDER BY c.framework ASC NULLS LAST, c.framework_version ASC NULLS LAST, c.control_id ASC NULLS LAST,
    c.check_id ASC NULLS LAST, c.check_params ASC NULLS FIRST, c.relation ASC NULLS LAST,
    c.control_title ASC NULLS LAST
