-- title: Accounts that were not wholly seen
-- question: Which accounts did the newest census not scan to the end, why, and when were they last complete?
-- columns: account_id, account_name, ou_path, state, scan_status, scan_reason, last_complete_at,
--   days_since_complete
WITH whole AS (
    SELECT account_id, max(run_started_at) AS last_complete_at
    FROM accounts_committed
    WHERE run_kind = 'census' AND scan_status = 'complete'
    GROUP BY account_id
)
SELECT a.account_id, a.account_name, array_join(a.ou_names, '/', '(not read)') AS ou_path, a.state, a.scan_status,
    a.scan_reason, w.last_complete_at,
    date_diff('day', CAST(w.last_complete_at AS date), CAST(r.started_at AS date)) AS days_since_complete
FROM accounts_latest a
JOIN runs_latest r ON r.run_id = a.run_id
LEFT JOIN whole w ON w.account_id = a.account_id
WHERE a.scan_status <> 'complete'
ORDER BY a.scan_status ASC NULLS LAST, a.account_id ASC NULLS LAST
