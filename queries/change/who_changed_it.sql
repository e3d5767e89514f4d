-- title: Who changed it
-- question: Who changed the encryption, the policy, the key or its alias of what fails in the newest census, and when?
--   Joins the organization's CloudTrail table, `cloudtrail_logs`: where yours has another name, make a view of
--   that name over it. On a laptop it is empty. `since` leaves older events out of the answer and does not bound
--   what Athena scans: where the table is partitioned by another column, bound that one in the view. An event
--   counts in its resource's account and Region; only CreateBucket may be logged in another Region, that of its
--   endpoint. `matched_by`: `name` (the event names the resource, or its answer does), `alias` (it names an alias
--   that a census since then, or the last one before, saw on the key), `bucket_key_alias` (the bucket's default
--   names the alias that was changed), `bucket_key` (it names the bucket's key), `unread_alias` (an alias in an account and Region whose aliases were not
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
night AS (
    SELECT dt, run_id
    FROM censuses
    WHERE newest_first = 1 OR dt >= ${since} OR run_id = (SELECT max(run_id) FROM censuses WHERE dt < ${since})
),
target AS (
    SELECT CASE WHEN way.name = 'name' THEN b.account_id ELSE b.kms_key_account_id END AS owner_id,
        CASE WHEN way.name IN ('key_arn', 'key_id') THEN split_part(b.kms_key_arn, ':', 4)
            WHEN way.name = 'name' OR b.kms_key_ref_kind = 'alias_name' THEN b.region
            ELSE split_part(b.kms_key_ref, ':', 4) END AS owner_region,
        CASE way.name WHEN 'name' THEN b.bucket WHEN 'key_arn' THEN b.kms_key_arn
            WHEN 'key_id' THEN split_part(b.kms_key_arn, '/', 2)
            ELSE CASE b.kms_key_ref_kind WHEN 'alias_name' THEN b.kms_key_ref
                WHEN 'alias_arn' THEN split_part(b.kms_key_ref, ':', 6) END END AS name,
        CASE WHEN way.name IN ('key_arn', 'key_id') THEN 'bucket_key' ELSE way.name END AS matched_by, b.account_id, b.region, b.bucket_arn AS arn, f.fails
    FROM buckets_latest b
    JOIN failing f ON f.account_id = b.account_id AND f.resource_arn = b.bucket_arn
    CROSS JOIN (VALUES ('name'), ('bucket_key_alias'), ('key_arn'), ('key_id')) AS way (name)
    UNION ALL
    SELECT k.account_id AS owner_id, k.region AS owner_region, n.name,
        CASE WHEN n.name = '*' THEN 'unread_alias' WHEN n.name LIKE 'alias/%' THEN 'alias' ELSE 'name' END
            AS matched_by,
        k.account_id, k.region, CASE WHEN n.name <> '*' THEN k.key_arn END AS arn,
        CASE WHEN n.name <> '*' THEN f.fails END AS fails
    FROM keys k
    JOIN night ON night.dt = k.dt AND night.run_id = k.run_id
    JOIN failing f ON f.account_id = k.account_id AND f.resource_arn = k.key_arn
    CROSS JOIN UNNEST(ARRAY[k.key_id, k.key_arn] || coalesce(k.aliases, ARRAY['*'])) AS n (name)
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
        CASE eventsource WHEN 'kms.amazonaws.com' THEN coalesce(json_extract_scalar(responseelements, '$.keyId'),
            json_extract_scalar(responseelements, '$.keyMetadata.arn')) END AS answered
    FROM cloudtrail_logs
    WHERE eventtime >= ${since}
        AND ((eventsource = 's3.amazonaws.com' AND eventname IN (
                'CreateBucket', 'PutBucketEncryption', 'DeleteBucketEncryption', 'PutBucketPolicy',
                'DeleteBucketPolicy'))
            OR (eventsource = 'kms.amazonaws.com' AND eventname IN (
                'CancelKeyDeletion', 'CreateAlias', 'CreateKey', 'DeleteAlias', 'DeleteImportedKeyMaterial', 'DisableKey',
                'DisableKeyRotation', 'EnableKey', 'EnableKeyRotation', 'ImportKeyMaterial', 'PutKeyPolicy',
                'ReplicateKey', 'RotateKeyOnDemand', 'ScheduleKeyDeletion', 'UpdateAlias', 'UpdatePrimaryRegion')))
),
event AS (
    SELECT l.*,
        CASE WHEN named LIKE 'alias/%' THEN named
            WHEN named LIKE 'arn:%:alias/%' AND split_part(named, ':', 5) = recipientaccountid
                THEN split_part(named, ':', 6) END AS alias
    FROM logged l
),
name_of_event AS (
    -- Where the answer names the key, what the alias meant is known, and no census has to tell it.
    SELECT e.*, n.name
    FROM event e
    CROSS JOIN UNNEST(ARRAY[
        CASE WHEN e.alias IS NULL THEN e.named WHEN e.is_of_alias OR e.answered IS NULL THEN e.alias END,
        CASE WHEN e.alias IS NOT NULL AND e.answered IS NULL THEN '*' END,
        e.target_key, e.answered]) AS n (name)
),
matched AS (
    SELECT e.event_at, e.actor_arn, e.eventname, e.errorcode, e.sourceipaddress, e.awsregion, e.named,
        max(t.matched_by) AS matched_by, t.account_id, t.region, t.arn, t.fails, e.eventid,
        count(t.arn) OVER (PARTITION BY e.eventid) AS resources
    FROM name_of_event e
    JOIN target t ON t.owner_id = e.recipientaccountid AND t.name = e.name
        AND (t.owner_region = e.awsregion OR t.owner_region IS NULL OR e.eventname = 'CreateBucket')
        AND (t.matched_by <> 'bucket_key_alias' OR e.is_of_alias)
    GROUP BY e.event_at, e.actor_arn, e.eventname, e.errorcode, e.sourceipaddress, e.awsregion, e.named,
        t.account_id, t.region, t.arn, t.fails, e.eventid
)
SELECT event_at, actor_arn, eventname AS event_name, errorcode AS error_code, sourceipaddress AS source_ip_address,
    awsregion AS event_region, named, matched_by, account_id, region, arn AS resource_arn, fails, eventid AS event_id
FROM matched
WHERE arn IS NOT NULL OR resources = 0
ORDER BY event_at DESC NULLS LAST, eventid ASC NULLS LAST, arn ASC NULLS LAST, matched_by ASC NULLS LAST
