-- title: Keys whose policy lets others in
-- question: Which key policies admit everyone, or principals outside the organization, or could not be judged?
-- columns: verdict, severity, account_id, account_name, region, key_arn, check_id, reason_code, reason,
--   exception_id, default_key_of_buckets
SELECT f.verdict, f.severity, f.account_id, a.account_name, f.region, f.resource_arn AS key_arn, f.check_id,
    f.reason_code, f.reason, f.exception_id, k.default_key_of_buckets
FROM findings_latest f
LEFT JOIN keys_latest k ON k.account_id = f.account_id AND k.key_arn = f.resource_arn
LEFT JOIN accounts_latest a ON a.account_id = f.account_id
WHERE f.check_id IN ('kms_policy_outside_org', 'kms_policy_public')
    AND f.verdict IN ('fail', 'exempt', 'unknown')
ORDER BY CASE f.verdict WHEN 'fail' THEN 1 WHEN 'exempt' THEN 2 ELSE 3 END ASC NULLS LAST,
    f.account_id ASC NULLS LAST, f.resource_arn ASC NULLS LAST, f.check_id ASC NULLS LAST,
    f.check_params ASC NULLS FIRST
