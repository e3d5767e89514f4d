-- title: Buckets that take plain HTTP
-- question: Which buckets do not refuse every request without TLS, or could not be asked?
-- columns: tls_only, account_id, account_name, region, bucket, policy_read, policy_sha256
SELECT b.tls_only, b.account_id, a.account_name, b.region, b.bucket, b.policy_read, b.policy_sha256
FROM buckets_latest b
LEFT JOIN accounts_latest a ON a.account_id = b.account_id
WHERE b.tls_only <> 'enforced'
ORDER BY b.tls_only ASC NULLS LAST, b.account_id ASC NULLS LAST, b.bucket ASC NULLS LAST
