-- title: Keys by reach
-- question: Which keys do most buckets and accounts stand on, and in what state are they?
--   Bucket defaults only: 0 never means unused.
-- parameter: at_least, integer, default 1: Buckets that the key is the default key of, at least.
-- columns: key_arn, account_id, account_name, region, aliases, key_manager, key_state, rotation,
--   default_key_of_buckets, default_key_of_accounts
SELECT k.key_arn, k.account_id, a.account_name, k.region, array_join(k.aliases, ', ') AS aliases,
    k.key_manager, k.key_state, k.rotation, k.default_key_of_buckets, k.default_key_of_accounts
FROM keys_latest k
LEFT JOIN accounts_latest a ON a.account_id = k.account_id
WHERE k.default_key_of_buckets >= ${at_least}
ORDER BY k.default_key_of_buckets DESC NULLS LAST, k.default_key_of_accounts DESC NULLS LAST,
    k.key_arn ASC NULLS LAST
