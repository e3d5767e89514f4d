-- title: Coverage gaps and accepted gaps
-- question: What could the newest census not read, where, why, and which of it is an accepted gap?
-- parameter: account_id, account, default null, such as 111122223333: Only this account.
-- columns: accepted_gap, account_id, account_name, region, operation, asked, unread, not_asked, denied,
--   denied_by, deny_type, sample_code
SELECT c.accepted_gap, c.account_id, a.account_name, c.region, c.operation, c.asked,
    c.asked - c.known - c.absent - c.gone AS unread, c.not_asked, c.denied, c.denied_by, c.deny_type,
    c.sample_code
FROM coverage_latest c
LEFT JOIN accounts_latest a ON a.account_id = c.account_id
WHERE NOT c.complete AND (${account_id} IS NULL OR c.account_id = ${account_id})
ORDER BY c.accepted_gap ASC NULLS LAST, c.account_id ASC NULLS LAST, c.operation ASC NULLS LAST,
    c.region ASC NULLS LAST
