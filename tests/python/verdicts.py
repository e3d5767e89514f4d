"""The findings that are expected: verdicts as values, and the built-in standard that asks for them.

A verdict stands among the expectations of a resource under the name of the check, beside the columns
of its row. Like these it is written down by hand: no verdict is worked out from a row here, for that
would be the checks once more, with the same mistakes.
"""

from dataclasses import dataclass
from typing import Any

import contract
from truth import any_of


@dataclass(frozen=True)
class Verdict:
    """What one check must say of one resource."""

    verdict: str
    reason_code: str
    # Where it is not the check's own.
    severity: str | None = None


def passes(reason_code: str, severity: str | None = None) -> Verdict:
    return Verdict("pass", reason_code, severity)


def fails(reason_code: str, severity: str | None = None) -> Verdict:
    return Verdict("fail", reason_code, severity)


def unknown(reason_code: str, severity: str | None = None) -> Verdict:
    return Verdict("unknown", reason_code, severity)


def not_applicable(reason_code: str) -> Verdict:
    return Verdict("not_applicable", reason_code)


@dataclass(frozen=True)
class Instance:
    """A check with its parameters, as the built-in standard asks for it."""

    category: str
    severity: str
    params: str | None = None


# The built-in standard. A check that it asks for more than once has the parameter in its name here.
BUILT_IN: dict[str, dict[str, Instance]] = {
    contract.BUCKET: {
        "s3_default_encryption": Instance("security", "informational"),
        "s3_encryption_standard": Instance("security", "medium"),
        "s3_key_usable": Instance("availability", "high"),
        "s3_key_in_org": Instance("security", "critical"),
        "s3_key_rotation": Instance("security", "medium"),
        "s3_key_reference_by_arn": Instance("availability", "low"),
        "s3_bucket_key": Instance("cost", "low"),
        "s3_sse_c_blocked": Instance("security", "medium"),
        "s3_tls_only": Instance("security", "medium"),
        "s3_policy_service_confused_deputy": Instance("security", "medium"),
    },
    contract.KEY: {
        "kms_rotation_enabled": Instance("security", "medium"),
        "kms_rotation_period 365": Instance("security", "medium", '{"max_days":365}'),
        "kms_rotation_period 180": Instance("security", "informational", '{"max_days":180}'),
        "kms_rotation_period 90": Instance("security", "informational", '{"max_days":90}'),
        "kms_key_material_age": Instance("security", "medium", '{"max_days":365}'),
        "kms_key_material_age 365": Instance(
            "security", "informational", '{"max_days":365,"replaced_max_days":365,"signing_max_days":365}'
        ),
        "kms_key_pending_deletion": Instance("availability", "medium"),
        "kms_key_disabled": Instance("availability", "low"),
        "kms_material_expiring": Instance("availability", "high", '{"days":30}'),
        "kms_policy_public": Instance("security", "critical"),
        "kms_policy_outside_org": Instance("security", "high"),
        "kms_policy_service_confused_deputy": Instance("security", "medium"),
    },
    contract.ACCOUNT: {"account_scanned": Instance("evidence", "high")},
}

# Verdicts on a bucket that stand on its key: the key is named beside the bucket.
ON_THE_KEY = ("s3_key_usable", "s3_key_in_org", "s3_key_rotation", "s3_key_reference_by_arn")


def rotation_period(verdict: Verdict) -> dict[str, Verdict]:
    """The same verdict for each of the three periods."""
    return {name: verdict for name in BUILT_IN[contract.KEY] if name.startswith("kms_rotation_period ")}


def columns(expect: dict[str, Any]) -> dict[str, Any]:
    """The columns of the row among a resource's expectations."""
    return {name: value for name, value in expect.items() if not isinstance(value, Verdict)}


def findings(type: str, arn: str, row: dict[str, Any], expect: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings of a resource: one for each check that is about such, no more and no fewer."""
    verdicts = {name: value for name, value in expect.items() if isinstance(value, Verdict)}
    if type == contract.KEY:
        # moto's keys are young by every limit.
        verdicts["kms_key_material_age 365"] = verdicts["kms_key_material_age"]
    odd = sorted(verdicts.keys() ^ BUILT_IN[type].keys())
    if odd:
        raise SystemExit(f"the verdicts on {arn} are not whole: {odd}")
    return [
        {
            "account_id": row["account_id"],
            "region": row.get("region"),
            "resource_type": type,
            "resource_arn": arn,
            "related_arn": related(name, row.get("kms_key_arn"), verdicts[name]),
            "check_id": name.split()[0],
            "check_params": instance.params,
            "category": instance.category,
            "severity": verdicts[name].severity or instance.severity,
            "verdict": verdicts[name].verdict,
            # The built-in standard comes without exceptions.
            "verdict_before_exception": verdicts[name].verdict,
            "reason_code": verdicts[name].reason_code,
            "exception_id": None,
            "exception_expires_at": None,
            "subject": subject(type, row),
        }
        for name, instance in BUILT_IN[type].items()
    ]


def subject(type: str, row: dict[str, Any]) -> str | None:
    """What the conditions of controls tell apart: a bucket by its default encryption, a key by its manager."""
    if type == contract.ACCOUNT:
        return None
    managers = {"AWS": "aws_managed_key", "CUSTOMER": "customer_managed_key"}
    if type == contract.KEY:
        return managers.get(row["key_manager"], "kms_key")
    by_mode = {"not_configured": "not_configured", "sse_s3": "sse_s3", "other": "unknown", "unknown": "unknown"}
    if row["encryption"] not in by_mode and ":alias/aws/" in (row["kms_key_ref"] or ""):
        # No other alias begins so, whosever the key is.
        return "aws_managed_key"
    return by_mode.get(row["encryption"]) or managers.get(row["kms_key_manager"], "kms_key")


def related(name: str, key_arn: str | None, verdict: Verdict) -> Any:
    """The key's ARN beside what stands on the key; the contract does not say where else it stands."""
    if name in ON_THE_KEY and verdict.verdict != "not_applicable":
        return key_arn
    return any_of(None, key_arn) if key_arn else None
