"""Rows and verdicts written out by hand: what each kind of bucket and key looks like in the lake.

The seeder starts from one of these and says beside each resource what is different about it. They
are the contract's semantics in the form of values; nothing here computes one from another. A column
and the verdict that stands on it are side by side, so that what changes one states both.
"""

import json

from moto_world import Key, World
from verdicts import fails, not_applicable, passes, rotation_period, unknown

# What a bucket's row says of its key when there is none, and when nothing is known of it.
NO_KEY = {
    "kms_key_ref": None,
    "kms_key_ref_kind": "none",
    "kms_key_arn": None,
    "kms_key_account_id": None,
    "kms_key_link": "none",
    "kms_key_manager": None,
    "kms_key_origin": None,
    "kms_key_state": None,
    "kms_key_rotation": None,
    "kms_key_rotation_reason": None,
    "s3_key_usable": not_applicable("no_kms_key"),
    "s3_key_in_org": not_applicable("no_kms_key"),
    "s3_key_rotation": not_applicable("no_kms_key"),
    "s3_key_reference_by_arn": not_applicable("no_kms_key"),
}
NOTHING_KNOWN = {
    "kms_key_manager": None,
    "kms_key_origin": None,
    "kms_key_state": None,
    "kms_key_rotation": None,
    "kms_key_rotation_reason": None,
}

NOT_CONFIGURED = {
    "encryption": "not_configured",
    "encryption_read": "absent",
    "sse_algorithm": None,
    "bucket_key_enabled": None,
    **NO_KEY,
    "s3_default_encryption": fails("no_default_configured"),
    "s3_encryption_standard": fails("no_default_configured"),
    "s3_bucket_key": not_applicable("bucket_key_needs_sse_kms"),
}
SSE_S3 = {
    "encryption": "sse_s3",
    "encryption_read": "known",
    "sse_algorithm": "AES256",
    # moto reads an unset flag back as false.
    "bucket_key_enabled": False,
    **NO_KEY,
    "s3_default_encryption": passes("default_configured"),
    "s3_encryption_standard": fails("mode_below_standard"),
    "s3_bucket_key": not_applicable("bucket_key_needs_sse_kms"),
}
SSE_KMS = {
    "encryption": "sse_kms",
    "encryption_read": "known",
    "sse_algorithm": "aws:kms",
    "bucket_key_enabled": False,
    "s3_default_encryption": passes("default_configured"),
    "s3_encryption_standard": passes("default_meets_standard"),
    "s3_bucket_key": fails("bucket_key_off"),
}
BUCKET_KEY = {"bucket_key_enabled": True, "s3_bucket_key": passes("bucket_key_on")}
DSSE_KMS = {
    "encryption": "dsse_kms",
    "encryption_read": "known",
    "sse_algorithm": "aws:kms:dsse",
    "bucket_key_enabled": False,
    "s3_default_encryption": passes("default_configured"),
    "s3_encryption_standard": passes("default_meets_standard"),
    # S3 has no Bucket Keys for DSSE-KMS.
    "s3_bucket_key": not_applicable("bucket_key_needs_sse_kms"),
}
# An algorithm that this version has no word for.
OTHER = {
    "encryption": "other",
    "encryption_read": "known",
    "bucket_key_enabled": False,
    **NO_KEY,
    "s3_default_encryption": passes("default_configured"),
    # Whether it is weaker than what is asked for, and whether it uses a key, nobody can say.
    "s3_encryption_standard": unknown("algorithm_not_known"),
    "s3_key_usable": unknown("algorithm_not_known"),
    "s3_key_in_org": unknown("algorithm_not_known"),
    "s3_key_rotation": unknown("algorithm_not_known"),
    "s3_bucket_key": unknown("algorithm_not_known"),
}
# A bucket in a Region that `--region` leaves out: it keeps its row, and nothing was read of it.
LEFT_OUT = {
    "encryption": "unknown",
    "encryption_read": "not_asked",
    "sse_algorithm": None,
    "kms_key_ref": None,
    "kms_key_ref_kind": None,
    "kms_key_arn": None,
    "kms_key_account_id": None,
    "kms_key_link": None,
    **NOTHING_KNOWN,
    "bucket_key_enabled": None,
    "tls_only": "unknown",
    "policy_read": "not_asked",
    "policy_sha256": None,
    "observed_at": None,
    "s3_default_encryption": unknown("encryption_not_read"),
    "s3_encryption_standard": unknown("encryption_not_read"),
    "s3_key_usable": unknown("encryption_not_read"),
    "s3_key_in_org": unknown("encryption_not_read"),
    "s3_key_rotation": unknown("encryption_not_read"),
    "s3_key_reference_by_arn": unknown("encryption_not_read"),
    "s3_bucket_key": unknown("encryption_not_read"),
    # Neither the setting nor the policy was read; either would do.
    "s3_sse_c_blocked": unknown("policy_not_read"),
    "s3_tls_only": unknown("policy_not_read"),
    "s3_policy_service_confused_deputy": unknown("policy_not_read"),
}

# What a bucket's policy does to plain HTTP, and to uploads with keys of the client's own. moto drops
# BlockedEncryptionTypes, so that only a policy can block these.
NO_POLICY = {
    "tls_only": "absent",
    "s3_tls_only": fails("no_policy"),
    "s3_policy_service_confused_deputy": passes("no_bucket_policy"),
    "s3_sse_c_blocked": unknown("sse_c_block_not_reported"),
}
# No service comes in by a policy, but for those that say so.
NO_SERVICE = {"s3_policy_service_confused_deputy": passes("no_service_admitted")}
ANY_SERVICE = {"s3_policy_service_confused_deputy": fails("service_for_any_account")}
TLS_ENFORCED = NO_SERVICE | {"tls_only": "enforced", "s3_tls_only": passes("plain_http_refused")}
TLS_IN_PART = NO_SERVICE | {"tls_only": "partial", "s3_tls_only": fails("plain_http_partly_refused")}
TLS_NOT_ENFORCED = NO_SERVICE | {"tls_only": "absent", "s3_tls_only": fails("plain_http_not_refused")}
TLS_UNDECIDED = NO_SERVICE | {"tls_only": "unknown", "s3_tls_only": unknown("policy_undecided")}

# How a bucket names its key.
BY_KEY_ARN = {"kms_key_ref_kind": "key_arn", "s3_key_reference_by_arn": passes("key_named_by_arn")}
BY_ALIAS_ARN = {"kms_key_ref_kind": "alias_arn", "s3_key_reference_by_arn": fails("alias_arn_not_key_arn")}
BY_KEY_ID = {"kms_key_ref_kind": "key_id", "s3_key_reference_by_arn": fails("key_id_without_account")}
BY_ALIAS_NAME = {
    "kms_key_ref_kind": "alias_name",
    "s3_key_reference_by_arn": fails("alias_resolves_in_requesters_account"),
}

# Where that leads.
SAME_ACCOUNT = {"kms_key_link": "same_account", "s3_key_in_org": passes("key_in_org")}
SAME_ORG = {"kms_key_link": "same_org", "s3_key_in_org": passes("key_in_org")}
MISSING = {
    "kms_key_link": "missing",
    "s3_key_usable": fails("key_missing"),
    # Whose it would be is in the reference.
    "s3_key_in_org": passes("key_in_org"),
    "s3_key_rotation": unknown("rotation_of_missing_key"),
}
UNPROVEN = {
    "kms_key_link": "unproven",
    "s3_key_usable": unknown("key_unproven"),
    "s3_key_in_org": passes("key_in_org"),
    "s3_key_rotation": unknown("key_unproven"),
}
OUTSIDE_ORG = {
    "kms_key_link": "outside_org",
    "s3_key_usable": unknown("outside_key_not_visible"),
    "s3_key_in_org": fails("key_outside_org"),
    "s3_key_rotation": unknown("outside_key_not_visible"),
}
AWS_MANAGED = {
    "kms_key_link": "aws_managed",
    "kms_key_manager": "AWS",
    "kms_key_origin": None,
    "kms_key_state": None,
    "kms_key_rotation": "enabled",
    "kms_key_rotation_reason": "aws_managed_yearly",
    "s3_key_usable": passes("aws_managed_key"),
    "s3_key_in_org": passes("aws_managed_key"),
    "s3_key_rotation": passes("aws_managed_yearly"),
}

# What a bucket's row says of the key that its reference leads to.
ROTATING = {
    "kms_key_manager": "CUSTOMER",
    "kms_key_origin": "AWS_KMS",
    "kms_key_state": "Enabled",
    "kms_key_rotation": "enabled",
    "kms_key_rotation_reason": None,
    "s3_key_usable": passes("key_enabled"),
    "s3_key_rotation": passes("rotation_enabled"),
}
STILL = ROTATING | {"kms_key_rotation": "disabled", "s3_key_rotation": fails("rotation_disabled")}
# KMS does not rotate a key while it is disabled.
SUSPENDED = {
    "kms_rotation_enabled": not_applicable("rotation_suspended"),
    **rotation_period(not_applicable("rotation_suspended")),
}
# The policy that KMS makes lets in the key's own account, and no bucket of another one.
BARRED = {"s3_key_usable": fails("key_policy_bars_account")}
# S3 uses keys of the bucket's own Region only.
ELSEWHERE = {"s3_key_usable": fails("key_in_other_region")}


def cannot(reason: str) -> dict:
    """A bucket's key that automatic rotation cannot apply to."""
    return ROTATING | {
        "kms_key_rotation": "not_applicable",
        "kms_key_rotation_reason": reason,
        "s3_key_rotation": not_applicable(reason),
    }


# A key's row: a symmetric customer key that does not rotate, and what other keys change of it.
SYMMETRIC = {
    "aliases": [],
    "key_manager": "CUSTOMER",
    "key_origin": "AWS_KMS",
    "key_spec": "SYMMETRIC_DEFAULT",
    "key_usage": "ENCRYPT_DECRYPT",
    "key_state": "Enabled",
    "deletion_at": None,
    "multi_region": "none",
    "primary_key_arn": None,
    "custom_key_store_id": None,
    "material_expires_at": None,
    "describe_read": "known",
    "rotation": "disabled",
    "rotation_reason": None,
    "rotation_read": "known",
    "rotation_period_days": None,
    "next_rotation_at": None,
    "last_rotation_at": None,
    "last_rotation_type": None,
    # The history is read of rotating keys only.
    "on_demand_rotations": None,
    "policy_read": "known",
    "default_key_of_buckets": 0,
    "default_key_of_accounts": 0,
    "kms_rotation_enabled": fails("rotation_disabled"),
    **rotation_period(fails("rotation_disabled")),
    "kms_key_material_age": not_applicable("judged_by_rotation_period"),
    "kms_key_pending_deletion": passes("not_pending_deletion"),
    "kms_key_disabled": passes("not_disabled"),
    "kms_material_expiring": not_applicable("origin_not_external"),
    # The policy that KMS makes lets in the key's own account, and nobody else.
    "kms_policy_public": passes("policy_admits_named_only"),
    "kms_policy_outside_org": passes("policy_admits_organization_only"),
    "kms_policy_service_confused_deputy": passes("no_service_admitted"),
}
# moto gives no period and no next date, and the history has no automatic rotations yet.
ROTATES = {
    "rotation": "enabled",
    "on_demand_rotations": 0,
    "kms_rotation_enabled": passes("rotation_enabled"),
    **rotation_period(unknown("period_not_told")),
}


def cannot_rotate(reason: str) -> dict:
    """A key that automatic rotation cannot apply to: it is not asked about."""
    return {
        "rotation": "not_applicable",
        "rotation_reason": reason,
        "rotation_read": "not_asked",
        "kms_rotation_enabled": not_applicable(reason),
        **rotation_period(not_applicable(reason)),
    }


# What KMS does not rotate is held against its age: here it was made a moment ago.
YOUNG = {"kms_key_material_age": passes("material_young_enough")}
PENDING_DELETION = cannot_rotate("pending_deletion") | {
    "key_state": "PendingDeletion",
    "kms_key_material_age": not_applicable("pending_deletion"),
    "kms_key_pending_deletion": fails("pending_deletion_not_in_use"),
    # It is as good as disabled, and the check above has said so.
    "kms_key_disabled": not_applicable("pending_deletion"),
}
# A key that could not be described: nobody knows whose it is, so that its policy was not asked for.
UNREAD = {
    "kms_rotation_enabled": unknown("key_not_read"),
    **rotation_period(unknown("key_not_read")),
    "kms_key_material_age": unknown("key_not_read"),
    "kms_key_pending_deletion": unknown("key_not_read"),
    "kms_key_disabled": unknown("key_not_read"),
    "kms_material_expiring": unknown("key_not_read"),
    "kms_policy_public": unknown("key_not_read"),
    "kms_policy_outside_org": unknown("key_not_read"),
    "kms_policy_service_confused_deputy": unknown("key_not_read"),
}

DESCRIBE = ("kms:DescribeKey", "known")
STATUS = ("kms:GetKeyRotationStatus", "known")
HISTORY = ("kms:ListKeyRotations", "known")
POLICY = ("kms:GetKeyPolicy", "known")
READS_ROTATING = [DESCRIBE, STATUS, HISTORY, POLICY]
READS_STILL = [DESCRIBE, STATUS, POLICY]
READS_CANNOT = [DESCRIBE, POLICY]

# AWS always says these two; moto only repeats what was sent.
PLAIN = {"KeyUsage": "ENCRYPT_DECRYPT", "MultiRegion": False}


def rule(algorithm: str, key: str | None = None, bucket_key: bool | None = None) -> dict:
    """The one rule of a bucket's default encryption."""
    default = {"SSEAlgorithm": algorithm}
    if key is not None:
        default["KMSMasterKeyID"] = key
    return {"ApplyServerSideEncryptionByDefault": default} | (
        {} if bucket_key is None else {"BucketKeyEnabled": bucket_key}
    )


def reference(key_ref: str, kind: dict, link: dict, arn: str | None, account_id: str, key: dict) -> dict:
    """A bucket's reference to a key, and what became of it."""
    return {
        "kms_key_ref": key_ref,
        **kind,
        **link,
        "kms_key_arn": arn,
        "kms_key_account_id": account_id,
        **key,
    }


def deny(statement_id: str, bucket: str, resources: list[str], secure: object = "false", **more) -> dict:
    """A Deny of requests over plain HTTP (or what passes for it)."""
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Sid": statement_id,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn + resource for resource in resources],
        "Condition": {"Bool": {"aws:SecureTransport": secure}},
    } | more


def policy(*statements: dict) -> str:
    """A bucket policy's text, spaced unlike any canonical form: its hash is of the text as it is."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)


def plain_key(world: World, account_id: str, region: str, aliases: tuple[str, ...], **request) -> Key:
    """A symmetric key, as most are."""
    return world.key(account_id, region, aliases=aliases, **(PLAIN | request))


def turn_on_rotation(world: World, key: Key, days: int | None = None) -> None:
    """Automatic rotation; moto loses the period."""
    period = {} if days is None else {"RotationPeriodInDays": days}
    world.client("kms", key.region, key.account_id).enable_key_rotation(KeyId=key.id, **period)


def made(world: World, key: Key) -> dict:
    """What only the service can say of a key: its date, and the policy that it made for the key."""
    return {"created_at": world.created_at(key), "policy_sha256": world.key_policy_sha256(key)}
