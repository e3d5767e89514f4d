"""Rows written out by hand: what each kind of bucket and key looks like in the lake.

The seeder starts from one of these and says beside each resource what is different about it. They
are the contract's semantics in the form of values; nothing here computes one from another.
"""

import json

from moto_world import Key, World

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
}
SSE_S3 = {
    "encryption": "sse_s3",
    "encryption_read": "known",
    "sse_algorithm": "AES256",
    # moto reads an unset flag back as false.
    "bucket_key_enabled": False,
    **NO_KEY,
}
SSE_KMS = {
    "encryption": "sse_kms",
    "encryption_read": "known",
    "sse_algorithm": "aws:kms",
    "bucket_key_enabled": False,
}
DSSE_KMS = {
    "encryption": "dsse_kms",
    "encryption_read": "known",
    "sse_algorithm": "aws:kms:dsse",
    "bucket_key_enabled": False,
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
}

# What a bucket's row says of the key that its reference leads to.
ROTATING = {
    "kms_key_manager": "CUSTOMER",
    "kms_key_origin": "AWS_KMS",
    "kms_key_state": "Enabled",
    "kms_key_rotation": "enabled",
    "kms_key_rotation_reason": None,
}
STILL = ROTATING | {"kms_key_rotation": "disabled"}
AWS_MANAGED = {
    "kms_key_link": "aws_managed",
    "kms_key_manager": "AWS",
    "kms_key_origin": None,
    "kms_key_state": None,
    "kms_key_rotation": "enabled",
    "kms_key_rotation_reason": "aws_managed_yearly",
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
}
# moto gives no period and no next date, and the history has no automatic rotations yet.
ROTATES = {"rotation": "enabled", "on_demand_rotations": 0}


def cannot_rotate(reason: str) -> dict:
    """A key that automatic rotation cannot apply to: it is not asked about."""
    return {"rotation": "not_applicable", "rotation_reason": reason, "rotation_read": "not_asked"}


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


def reference(key_ref: str, kind: str, link: str, arn: str | None, account_id: str, key: dict) -> dict:
    """A bucket's reference to a key, and what became of it."""
    return {
        "kms_key_ref": key_ref,
        "kms_key_ref_kind": kind,
        "kms_key_link": link,
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
