-- title: Coverage gaps and accepted gaps
-- question: What could the newest census not read, where, why, and which of it is an accepted gap?
--   A row without an operation represents an account to which no request was sent.
-- parameter: account_id, account, default null, such as 111122223333: Only this account.
-- columns: accepted_gap, account_id, account_name, scan_status, scan_reason, region, operation, asked, unread, not_asked, denied,
--   denied_by, deny_type, sample_code, sample_message
SELECT g.accepted_gap, g.account_id, a.account_name, a.scan_status, a.scan_reason, g.region, g.operation, g.asked,
    g.unread, g.not_asked, g.denied, g.denied_by, g.deny_type, g.sample_code,
    g.sample_message
FROM (
    SELECT accepted_gap, account_id, region, operation, asked, asked - known - absent - gone AS unread, not_asked,
        denied, denied_by, deny_type, sample_code, sample_message
    FROM coverage_latest
    WHERE NOT complete
    UNION ALL
    SELECT FALSE, n.account_id, NULL, NULL, 0, 0, NULL, 0, NULL, NULL, NULL, NULL
    FROM accounts_latest n
    LEFT JOIN coverage_latest c ON c.account_id = n.account_id
    WHERE c.account_id IS NULL
) g
LEFT JOIN accounts_latest a ON a.account_id = g.account_id
WHERE ${account_id} IS NULL OR g.account_id = ${account_id}
ORDER BY g.accepted_gap ASC NULLS LAST, g.account_id ASC NULLS LAST, g.operation ASC NULLS LAST,
    g.region ASC NULLS LAST
