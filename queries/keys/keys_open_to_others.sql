-- title: Keys whose policy lets others in
-- question: Which key policies admit everyone, or principals outside the organization, or could not be judged?
--   A row without a key stands for keys that were not listed, or of which the standard does not ask the check.
-- columns: verdict, severity, account_id, account_name, region, key_arn, check_id, reason_code, reason,
--   exception_id, default_key_of_buckets
WITH judged AS (
    SELECT verdict, severity, account_id, region, resource_arn AS key_arn, check_id, check_params, reason_code,
        reason, exception_id
    FROM findings_latest
    WHERE check_id IN ('kms_policy_outside_org', 'kms_policy_public') AND verdict IN ('fail', 'exempt', 'unknown')
    UNION ALL
    SELECT 'unknown', NULL, account_id, region, NULL, NULL, NULL, NULL, 'The keys were not listed: ' || read || '.',
        NULL
    FROM unlisted_latest
    WHERE resource_type = 'AWS::KMS::Key'
    UNION ALL
    SELECT 'unknown', NULL, k.account_id, k.region, NULL, c.check_id, NULL, NULL,
        'The standard does not ask this check there, of so many keys: ' || CAST(count(*) AS varchar) || '.', NULL
    FROM keys_latest k
    CROSS JOIN (VALUES ('kms_policy_outside_org'), ('kms_policy_public')) AS c (check_id)
    LEFT JOIN findings_latest f ON f.account_id = k.account_id AND f.resource_arn = k.key_arn
        AND f.check_id = c.check_id
    WHERE f.finding_uid IS NULL
    GROUP BY k.account_id, k.region, c.check_id
)
SELECT j.verdict, j.severity, j.account_id, a.account_name, j.region, j.key_arn, j.check_id, j.reason_code, j.reason,
    j.exception_id, k.default_key_of_buckets
FROM judged j
LEFT JOIN keys_latest k ON k.account_id = j.account_id AND k.key_arn = j.key_arn
LEFT JOIN accounts_latest a ON a.account_id = j.account_id
ORDER BY CASE j.verdict WHEN 'fail' THEN 1 WHEN 'exempt' THEN 2 ELSE 3 END ASC NULLS LAST,
    j.account_id ASC NULLS LAST, j.key_arn ASC NULLS LAST, j.region ASC NULLS LAST, j.check_id ASC NULLS LAST,
    j.check_params ASC NULLS FIRST
