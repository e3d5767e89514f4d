-- title: Who changed it
-- question: Who changed the encryption, the policy, the key or its alias of what fails in the newest census, and when?
--   Joins the organization's CloudTrail table, `cloudtrail_logs`: where yours has another name, make a view of
--   that name over it. On a laptop it is empty. `since` leaves older events out of the answer and does not bound
--   what Athena scans: where the table is partitioned by another column, bound that one in the view. An event
--   counts in its resource's account and Region; only CreateBucket may be logged in another Region, that of its
--   endpoint. `matched_by`: `name` (the event names the resource, or its answer does), `alias` (it names an alias
--   that a census since then, or the last one before, saw on the key), `bucket_key_alias` (the bucket's default
--   names the alias that was changed), `unread_alias` (an alias in an account and Region whose aliases were not
--   read: it may be of any key that fails there). A call across accounts that was denied is logged with the
--   caller alone and is not here.
-- parameter: since, day, required, such as 2026-11-20: The first day of events.
-- columns: event_at, actor_arn, event_name, error_code, source_ip_address, event_region, named, matched_by,
--   account_id, region, resource_arn, fails, event_id
WITH failing AS (
    SELECT account_id, resource_arn, count(*) AS fails
    FROM findings_latest
    WHERE verdict = 'fail' AND resource_type IN ('AWS::S3::Bucket', 'AWS::KMS::Key')
    GROUP BY account_id, resource_arn
),
failing_bucket AS (
    SELECT b.account_id, b.region, b.bucket, b.bucket_arn, b.kms_key_account_id, f.fails,
        CASE b.kms_key_ref_kind WHEN 'alias_name' THEN b.kms_key_ref WHEN 'alias_arn'
            THEN split_part(b.kms_key_ref, ':', 6) END AS alias,
        CASE b.kms_key_ref_kind WHEN 'alias_arn' THEN split_part(b.kms_key_ref, ':', 4) ELSE b.region END
            AS alias_region
    FROM buckets_latest b
    JOIN failing f ON f.account_id = b.account_id AND f.resource_arn = b.bucket_arn
),
failing_key AS (
    SELECT k.account_id, k.region, k.key_id, k.key_arn, f.fails
    FROM keys_latest k
    JOIN failing f ON f.account_id = k.account_id AND f.resource_arn = k.key_arn
),
night AS (
    SELECT dt, run_id
    FROM censuses
    WHERE newest_first = 1 OR dt >= ${since} OR run_id = (SELECT max(run_id) FROM censuses WHERE dt < ${since})
),
key_by_night AS (
    SELECT c.account_id, c.region, c.key_arn, c.fails, k.aws_partition, k.aliases
    FROM keys k
    JOIN night n ON n.dt = k.dt AND n.run_id = k.run_id
    JOIN failing_key c ON c.account_id = k.account_id AND c.key_arn = k.key_arn
),
alias AS (
    SELECT DISTINCT k.aws_partition, k.account_id, k.region, k.key_arn, k.fails, a.alias
    FROM key_by_night k
    CROSS JOIN UNNEST(k.aliases) AS a (alias)
),
target AS (
    SELECT account_id AS owner_id, region AS owner_region, bucket AS name, 'name' AS matched_by, account_id, region,
        bucket_arn AS arn, fails
    FROM failing_bucket
    UNION ALL
    SELECT kms_key_account_id, alias_region, alias, 'bucket_key_alias', account_id, region, bucket_arn, fails
    FROM failing_bucket
    UNION ALL
    SELECT account_id, region, key_id, 'name', account_id, region, key_arn, fails
    FROM failing_key
    UNION ALL
    SELECT account_id, region, key_arn, 'name', account_id, region, key_arn, fails
    FROM failing_key
    UNION ALL
    SELECT account_id, region, alias, 'alias', account_id, region, key_arn, fails
    FROM alias
    UNION ALL
    SELECT account_id, region, 'arn:' || aws_partition || ':kms:' || region || ':' || account_id || ':' || alias,
        'alias', account_id, region, key_arn, fails
    FROM alias
),
logged AS (
    SELECT eventid, eventname, errorcode, sourceipaddress, recipientaccountid, awsregion,
        useridentity.arn AS actor_arn,
        CAST(replace(replace(eventtime, 'T', ' '), 'Z', '') AS timestamp) AS event_at,
        eventname IN ('CreateAlias', 'UpdateAlias', 'DeleteAlias') AS is_of_alias,
        CASE eventsource WHEN 's3.amazonaws.com' THEN json_extract_scalar(requestparameters, '$.bucketName')
            ELSE coalesce(json_extract_scalar(requestparameters, '$.aliasName'),
                json_extract_scalar(requestparameters, '$.keyId')) END AS named,
        json_extract_scalar(requestparameters, '$.targetKeyId') AS target_key,
        -- The key that the request came to, as KMS answers it, and none where the request failed.
        CASE eventsource WHEN 'kms.amazonaws.com' THEN json_extract_scalar(responseelements, '$.keyId') END
            AS answered
    FROM cloudtrail_logs
    WHERE eventtime >= ${since}
        AND ((eventsource = 's3.amazonaws.com' AND eventname IN (
                'CreateBucket', 'PutBucketEncryption', 'DeleteBucketEncryption', 'PutBucketPolicy',
                'DeleteBucketPolicy'))
            OR (eventsource = 'kms.amazonaws.com' AND eventname IN (
                'CancelKeyDeletion', 'CreateAlias', 'DeleteAlias', 'DeleteImportedKeyMaterial', 'DisableKey',
                'DisableKeyRotation', 'EnableKey', 'EnableKeyRotation', 'ImportKeyMaterial', 'PutKeyPolicy',
                'RotateKeyOnDemand', 'ScheduleKeyDeletion', 'UpdateAlias')))
),
event AS (
    SELECT l.*, named LIKE 'alias/%' OR named LIKE 'arn:%:alias/%' AS names_alias
    FROM logged l
),
name_of_event AS (
    -- Where the answer names the key, what the alias meant is known, and no census has to tell it.
    SELECT e.*, n.name
    FROM event e
    CROSS JOIN UNNEST(ARRAY[
        CASE WHEN e.is_of_alias OR NOT e.names_alias OR e.answered IS NULL THEN e.named END,
        e.target_key, e.answered]) AS n (name)
),
matched AS (
    SELECT e.event_at, e.actor_arn, e.eventname, e.errorcode, e.sourceipaddress, e.awsregion, e.named,
        max(t.matched_by) AS matched_by, t.account_id, t.region, t.arn, t.fails, e.eventid
    FROM name_of_event e
    JOIN target t ON t.owner_id = e.recipientaccountid AND t.name = e.name
        AND (t.owner_region = e.awsregion OR t.owner_region IS NULL OR e.eventname = 'CreateBucket')
        AND (t.matched_by <> 'bucket_key_alias' OR e.is_of_alias)
    GROUP BY e.event_at, e.actor_arn, e.eventname, e.errorcode, e.sourceipaddress, e.awsregion, e.named,
        t.account_id, t.region, t.arn, t.fails, e.eventid
),
unread AS (
    SELECT DISTINCT account_id, region
    FROM key_by_night
    WHERE aliases IS NULL
),
answer AS (
    SELECT event_at, actor_arn, eventname, errorcode, sourceipaddress, awsregion, named, matched_by, account_id,
        region, arn, fails, eventid
    FROM matched
    UNION
    SELECT e.event_at, e.actor_arn, e.eventname, e.errorcode, e.sourceipaddress, e.awsregion, e.named,
        'unread_alias', u.account_id, u.region, CAST(NULL AS varchar), CAST(NULL AS bigint), e.eventid
    FROM event e
    JOIN unread u ON u.account_id = e.recipientaccountid AND u.region = e.awsregion
    LEFT JOIN matched m ON m.eventid = e.eventid
    WHERE e.names_alias AND e.answered IS NULL AND m.eventid IS NULL
)
SELECT event_at, actor_arn, eventname AS event_name, errorcode AS error_code, sourceipaddress AS source_ip_address,
    awsregion AS event_region, named, matched_by, account_id, region, arn AS resource_arn, fails, eventid AS event_id
FROM answer
ORDER BY event_at DESC NULLS LAST, eventid ASC NULLS LAST, arn ASC NULLS LAST, matched_by ASC NULLS LAST
