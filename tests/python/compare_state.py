"""Holds a lake's rows against the simulator's dumped state: what was there is what is in the tables.

    compare_state.py LAKE STATE.json [--run RUN]

STATE.json is what `atrest simulate --dump` wrote. Of every account with a row of its own in the scan
(complete or partial): each bucket and key of the state has a row and no other has one; algorithms, key
references, Bucket Keys and blocked types of every bucket that was read; manager, origin, spec, usage,
state and dates of every key that was described; rotation as AWS would say it.
"""

import argparse
import json
import sys
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from lake import Lake, plain
from report import Report

MODES = {"AES256": "sse_s3", "aws:kms": "sse_kms", "aws:kms:dsse": "dsse_kms"}


def instant(text: str | None) -> int | None:
    """The state's instants as the lake's milliseconds."""
    return plain(datetime.fromisoformat(text.replace("Z", "+00:00"))) if text else None


def compare(lake: Lake, state: dict[str, Any]) -> Report:
    report = Report()
    accounts = {row["account_id"]: row for row in lake.rows("accounts")}
    report.expect("accounts", "all", "ids", sorted(state["accounts"]), sorted(accounts))
    buckets = {row["bucket"]: row for row in lake.rows("buckets")}
    keys = {row["key_arn"]: row for row in lake.rows("keys")}
    expected_buckets, expected_keys = set(), set()
    for account_id, row in accounts.items():
        account = state["accounts"][account_id]
        report.expect("accounts", account_id, "account_name", account["name"], row["account_name"])
        report.expect("accounts", account_id, "state", account["state"], row["state"])
        if row["scan_status"] not in ("complete", "partial"):
            continue
        for bucket in account["buckets"].values():
            expected_buckets.add(bucket["name"])
            if bucket["name"] in buckets:
                compare_bucket(account_id, bucket, buckets[bucket["name"]], report)
        for region, place in account["regions"].items():
            # A Region that is closed to the role, or not in use, lists nothing.
            if region not in (row["regions"] or []) or is_closed(account, region):
                continue
            for key in place["keys"].values():
                arn = f"arn:{state['partition']}:kms:{region}:{account_id}:key/{key['id']}"
                expected_keys.add(arn)
                if arn in keys:
                    compare_key(key, keys[arn], place["aliases"], report)
    report.expect("buckets", "all", "names", sorted(expected_buckets), sorted(buckets))
    report.expect("keys", "all", "ARNs", sorted(expected_keys), sorted(keys))
    return report


def is_closed(account: dict[str, Any], region: str) -> bool:
    """Whether a policy of the organization keeps the role from listing the Region's keys."""
    return any(
        denial["region"] == region
        and denial["resource"] is None
        and covers(denial["actions"], "kms:ListKeys")
        and not covers(denial["exempt"], "kms:ListKeys")
        for denial in account["denials"]
    )


def covers(patterns: list[str], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def compare_bucket(account_id: str, bucket: dict[str, Any], row: dict[str, Any], report: Report) -> None:
    name = bucket["name"]
    expect = lambda column, value: report.expect("buckets", name, column, value, row[column])  # noqa: E731
    expect("account_id", account_id)
    expect("region", bucket["region"])
    expect("created_at", instant(bucket["created_at"]))
    if bucket["vanished"]:
        expect("encryption_read", "gone")
    if row["encryption_read"] not in ("known", "absent"):
        expect("encryption", "unknown")
        return
    rules = bucket["encryption"]["rules"] if bucket["encryption"] else []
    rule = rules[0] if rules else {"default": None, "bucket_key": None, "blocked": None}
    default = rule["default"] or {"algorithm": None, "key": None}
    expect("encryption_read", "known" if rules else "absent")
    expect("sse_algorithm", default["algorithm"])
    expect("kms_key_ref", default["key"])
    mode = MODES.get(default["algorithm"], "other") if default["algorithm"] else "not_configured"
    expect("encryption", mode)
    expect("bucket_key_enabled", rule["bucket_key"])
    report.expect(
        "buckets", name, "blocked_encryption_types", rule["blocked"], row["blocked_encryption_types"] or rule["blocked"]
    )


def compare_key(key: dict[str, Any], row: dict[str, Any], aliases: dict[str, Any], report: Report) -> None:
    key_id = key["id"]
    expect = lambda column, value: report.expect("keys", key_id, column, value, row[column])  # noqa: E731
    expect("aliases", sorted(name for name, alias in aliases.items() if alias["target"] == key_id))
    if not key["admits_account"]:
        expect("describe_read", "denied")
        expect("key_state", None)
        return
    expect("describe_read", "known")
    for column, field in [
        ("key_manager", "manager"),
        ("key_origin", "origin"),
        ("key_spec", "spec"),
        ("key_usage", "usage"),
        ("key_state", "state"),
        ("custom_key_store_id", "custom_key_store_id"),
    ]:
        expect(column, key[field])
    expect("created_at", instant(key["created_at"]))
    expect("deletion_at", instant(key["deletion_at"]))
    expect("material_expires_at", instant(key["valid_to"]))
    if row["rotation_read"] == "known":
        rotation = key["rotation"]
        expect("rotation", "enabled" if rotation["enabled"] else "disabled")
        expect("rotation_period_days", rotation["period_days"] if rotation["enabled"] else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("lake", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--run")
    options = parser.parse_args()
    state = json.loads(options.state.read_text("utf-8"))
    report = compare(Lake(options.lake.resolve(), options.run), state)
    if not report.clean:
        print(report)
        sys.exit(1)


if __name__ == "__main__":
    main()
