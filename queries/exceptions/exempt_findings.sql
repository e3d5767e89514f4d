-- title: Fails that an exception accepts
-- question: Which findings would fail without their exception?
-- parameter: exception_id, text, default null, such as EX-1: Only this exception.
-- columns: exception_id, exception_expires_at, account_id, region, resource_arn, check_id, check_params,
--   severity, reason_code, reason
SELECT f.exception_id, f.exception_expires_at, f.account_id, f.region, f.resource_arn, f.check_id,
    f.check_params, f.severity, f.reason_code, f.reason
FROM findings_latest f
WHERE f.verdict = 'exempt' AND (${exception_id} IS NULL OR f.exception_id = ${exception_id})
ORDER BY f.exception_id ASC NULLS LAST, f.account_id ASC NULLS LAST, f.resource_arn ASC NULLS LAST,
    f.check_id ASC NULLS LAST, f.check_params ASC NULLS FIRST
