"""A small trail of the organization: what `who_changed_it` joins, the same for both engines.

Its events are about a bucket and a key that fail in the lake, and beside them are events that the question
must pass over, and request parameters that JSON functions like to differ about.
"""

from collections.abc import Callable
from typing import NamedTuple

COLUMNS = (
    "eventtime, eventsource, eventname, awsregion, sourceipaddress, errorcode, requestparameters, "
    "responseelements, eventid, recipientaccountid, useridentity"
)
FAILING = """
    SELECT f.account_id, f.region, f.resource_arn FROM findings_latest f
    WHERE f.verdict = 'fail' AND f.resource_type = '{kind}' AND f.region IS NOT NULL ORDER BY 1, 3, 2 LIMIT 1
"""
# A failing key with an alias.
ALIASED = """
    SELECT k.account_id, k.region, k.aliases[1], k.key_arn FROM keys_latest k
    WHERE cardinality(k.aliases) > 0 AND k.key_arn IN (SELECT resource_arn FROM findings_latest WHERE verdict = 'fail')
    ORDER BY 4 LIMIT 1
"""
S3, KMS = "s3.amazonaws.com", "kms.amazonaws.com"
# A Region in which no lake has a resource.
ELSEWHERE = "ap-south-2"


class Event(NamedTuple):
    """An event; the identity is the actor's ARN."""

    time: str
    source: str
    name: str
    account: str
    region: str
    parameters: str | None
    error: str | None = None
    answer: str | None = None
    actor: str | None = "arn:aws:iam::111122223333:role/admin"


def events(rows: Callable[[str], list[tuple]]) -> list[Event]:
    """The events of a lake, which `rows` asks."""
    [(owner, place, bucket)] = rows(FAILING.format(kind="AWS::S3::Bucket"))
    [(holder, home, key)] = rows(FAILING.format(kind="AWS::KMS::Key"))
    [(keeper, there, alias, aliased)] = rows(ALIASED)
    of_bucket = f'{{"bucketName": "{bucket.rpartition(":")[2]}", "Host": "it\'s"}}'
    of_key = f'{{"keyId": "{key}"}}'
    key_id = f'{{"keyId": "{key.rpartition("/")[2]}"}}'
    by_alias = f'{{"keyId": "{alias}"}}'
    of_alias = f'{{"aliasName": "{alias}"}}'
    came_to = f'{{"keyId": "{aliased}"}}'
    return [
        Event("2026-11-18T10:00:00Z", S3, "PutBucketEncryption", owner, place, of_bucket),
        Event("2026-11-18T10:00:00Z", S3, "PutBucketPolicy", owner, place, of_bucket, error="AccessDenied"),
        Event("2026-11-18T10:00:00Z", S3, "CreateBucket", owner, ELSEWHERE, of_bucket),
        Event("2026-11-19T23:59:59Z", KMS, "ScheduleKeyDeletion", holder, home, of_key),
        Event("2026-11-20T00:00:00Z", KMS, "DisableKey", holder, home, key_id, actor=None),
        Event("2026-11-20T01:00:00Z", KMS, "DisableKey", keeper, there, by_alias, error="AccessDenied"),
        Event("2026-11-20T02:00:00Z", KMS, "DisableKey", keeper, there, by_alias, answer=came_to),
        Event("2026-11-20T03:00:00Z", KMS, "DeleteAlias", keeper, there, of_alias),
        # Passed over: another account's or Region's, a read, before the first day, and what names nothing.
        Event("2026-11-18T10:00:00Z", S3, "PutBucketEncryption", "999999999999", place, of_bucket),
        Event("2026-11-18T10:00:00Z", S3, "PutBucketEncryption", owner, ELSEWHERE, of_bucket),
        Event("2026-11-18T10:00:00Z", KMS, "DisableKey", holder, ELSEWHERE, key_id),
        Event("2026-11-18T10:00:00Z", KMS, "DeleteAlias", keeper, ELSEWHERE, of_alias),
        Event("2026-11-18T10:00:00Z", S3, "GetBucketEncryption", owner, place, of_bucket),
        Event("2026-09-30T23:59:59Z", S3, "PutBucketEncryption", owner, place, of_bucket),
        Event("2026-11-18T10:00:00Z", S3, "PutBucketEncryption", owner, place, None),
        Event("2026-11-18T10:00:00Z", S3, "PutBucketEncryption", owner, place, "cut of{f"),
        Event("2026-11-18T10:00:00Z", S3, "PutBucketEncryption", owner, place, '{"bucketName": {"of": 1}}'),
        Event("2026-11-18T10:00:00Z", S3, "PutBucketEncryption", owner, place, '{"bucketName": null}'),
    ]


# How many of them the question's answer has at least: each fits one resource or more.
ANSWERED = 8


def literal(text: str | None) -> str:
    return "CAST(NULL AS varchar)" if text is None else "'" + text.replace("'", "''") + "'"


def view(events: list[Event], identity: Callable[[Event], str]) -> str:
    """The statement that makes the trail's table."""
    rows = []
    for number, event in enumerate(events):
        texts = [event.time, event.source, event.name, event.region, "192.0.2.1", event.error, event.parameters]
        texts += [event.answer, f"event-{number:02}", event.account]
        rows.append(f"({', '.join(literal(text) for text in texts)}, {identity(event)})")
    return f"CREATE OR REPLACE VIEW cloudtrail_logs AS SELECT * FROM (VALUES {', '.join(rows)}) AS t ({COLUMNS})"


def on_trino(events: list[Event]) -> str:
    def identity(event: Event) -> str:
        value = "NULL" if event.actor is None else f"ROW({literal(event.actor)}, {literal(event.account)})"
        return f"CAST({value} AS row(arn varchar, accountid varchar))"

    return view(events, identity)


def on_duckdb(events: list[Event]) -> str:
    def identity(event: Event) -> str:
        if event.actor is None:
            return "CAST(NULL AS STRUCT(arn VARCHAR, accountid VARCHAR))"
        return f"{{'arn': {literal(event.actor)}, 'accountid': {literal(event.account)}}}"

    return view(events, identity)
