-- title: Who changed it
-- question: Who changed the encryption, the policy or the key of what fails in the newest census, and when?
--   Joins the organization's CloudTrail table, `cloudtrail_logs`: where yours has another name, make a view of
--   that name over it. On a laptop it is empty.
-- parameter: since, day, required, such as 2026-11-20: The first day of events; it bounds what is scanned.
-- columns: event_at, actor_arn, event_name, error_code, source_ip_address, account_id, region, resource_arn,
--   fails, event_id
WITH failing AS (
    SELECT f.account_id, f.resource_arn, count(*) AS fails
    FROM findings_latest f
    WHERE f.verdict = 'fail' AND f.resource_type IN ('AWS::S3::Bucket', 'AWS::KMS::Key')
    GROUP BY f.account_id, f.resource_arn
),
target AS (
    SELECT b.bucket AS name, b.bucket_arn AS arn, b.region, f.account_id, f.fails
    FROM failing f
    JOIN buckets_latest b ON b.account_id = f.account_id AND b.bucket_arn = f.resource_arn
    UNION ALL
    SELECT k.key_id AS name, k.key_arn AS arn, k.region, f.account_id, f.fails
    FROM failing f
    JOIN keys_latest k ON k.account_id = f.account_id AND k.key_arn = f.resource_arn
),
event AS (
    SELECT eventid, eventname, errorcode, sourceipaddress, recipientaccountid,
        useridentity.arn AS actor_arn,
        CAST(replace(replace(eventtime, 'T', ' '), 'Z', '') AS timestamp) AS event_at,
        CASE eventsource
            WHEN 's3.amazonaws.com' THEN json_extract_scalar(requestparameters, '$.bucketName')
            ELSE json_extract_scalar(requestparameters, '$.keyId')
        END AS asked
    FROM cloudtrail_logs
    WHERE eventtime >= ${since}
        AND ((eventsource = 's3.amazonaws.com' AND eventname IN (
                'CreateBucket', 'PutBucketEncryption', 'DeleteBucketEncryption', 'PutBucketPolicy',
                'DeleteBucketPolicy'))
            OR (eventsource = 'kms.amazonaws.com' AND eventname IN (
                'CancelKeyDeletion', 'DeleteImportedKeyMaterial', 'DisableKey', 'DisableKeyRotation', 'EnableKey',
                'EnableKeyRotation', 'ImportKeyMaterial', 'PutKeyPolicy', 'RotateKeyOnDemand',
                'ScheduleKeyDeletion')))
)
SELECT e.event_at, e.actor_arn, e.eventname AS event_name, e.errorcode AS error_code,
    e.sourceipaddress AS source_ip_address, t.account_id, t.region, t.arn AS resource_arn, t.fails,
    e.eventid AS event_id
FROM event e
JOIN target t ON t.account_id = e.recipientaccountid AND (e.asked = t.name OR e.asked = t.arn)
ORDER BY e.event_at DESC NULLS LAST, e.eventid ASC NULLS LAST, t.arn ASC NULLS LAST
