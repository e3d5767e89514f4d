-- title: Buckets under a key of another account
-- question: Which buckets depend on a key of another account, in the organization or outside of it?
-- parameter: link, text, default null, such as outside_org: Only same_org, or only outside_org.
-- columns: kms_key_link, account_id, account_name, region, bucket, kms_key_account_id, kms_key_account_name,
--   kms_key_ref, kms_key_ref_kind, kms_key_arn, kms_key_state
SELECT b.kms_key_link, b.account_id, a.account_name, b.region, b.bucket, b.kms_key_account_id,
    o.account_name AS kms_key_account_name, b.kms_key_ref, b.kms_key_ref_kind, b.kms_key_arn, b.kms_key_state
FROM buckets_latest b
LEFT JOIN accounts_latest a ON a.account_id = b.account_id
LEFT JOIN accounts_latest o ON o.account_id = b.kms_key_account_id
WHERE (b.kms_key_link IN ('same_org', 'outside_org')
        OR (b.kms_key_link IN ('missing', 'unproven') AND b.kms_key_account_id <> b.account_id))
    AND (${link} IS NULL OR b.kms_key_link = ${link})
ORDER BY b.kms_key_link ASC NULLS LAST, b.kms_key_account_id ASC NULLS LAST, b.account_id ASC NULLS LAST,
    b.bucket ASC NULLS LAST
