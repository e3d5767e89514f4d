-- title: Default encryption of buckets, counted
-- question: How many buckets have which default encryption, under whose key, with which rotation?
--   Default encryption applies to new objects; it does not show how stored objects are encrypted. Buckets that were
--   not listed are in no count: accounts_not_seen has their accounts.
-- columns: encryption, kms_key_link, kms_key_rotation, buckets, accounts, percent_of_buckets
SELECT b.encryption, b.kms_key_link, b.kms_key_rotation,
    count(*) AS buckets,
    count(DISTINCT b.account_id) AS accounts,
    round(100 * CAST(count(*) AS double) / CAST(max(t.all_buckets) AS double), 1) AS percent_of_buckets
FROM buckets_latest b
CROSS JOIN (SELECT count(*) AS all_buckets FROM buckets_latest) t
GROUP BY b.encryption, b.kms_key_link, b.kms_key_rotation
ORDER BY buckets DESC NULLS LAST, b.encryption ASC NULLS LAST, b.kms_key_link ASC NULLS LAST,
    b.kms_key_rotation ASC NULLS LAST
