"""Seeds an organization in a moto server and writes down what the lake must say of it.

    seed_moto.py ENDPOINT [TRUTH.json]

Every resource stands beside the row that it must give, written out by hand from the contract and
from AWS's semantics. Where moto differs from AWS, the row says what moto gives and `deviates` says
what AWS would. The truth has two scenarios: `named` (the scan names three Regions; what lies
elsewhere is left out) and `fallback` (no `--region`: moto has no ListRegions, so the default set and
the Regions of listed buckets are scanned, and every account is partial).
"""

import json
import sys

from moto_world import MANAGEMENT_ACCOUNT, Key, World
from truth import at, sha256

# Accounts and keys that no organization here has.
OUTSIDE_ACCOUNT = "999999999999"
NO_SUCH_KEY = "00000000-dead-beef-0000-000000000000"
# What moto's ListAliases gives as the target of `alias/aws/s3`, and ListKeys does not list.
MOTO_AWS_S3_KEY = "8c3faf07-f43c-4d11-abdb-9183079214c7"

LONG_ALIAS = "alias/" + "n" * 250

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


def seed(world: World) -> None:
    """The organization: a management account, seven members with a story, fifteen empty ones."""
    root = world.organization()
    security = world.unit("Security", root)
    workloads = world.unit("Workloads", root)
    production = world.unit('Prod & "Ω" <level 2>', workloads)
    deep = world.unit("Deeper", production)

    payments = world.account("payments-prod", production, further_regions=("af-south-1",))
    quaint = world.account('Ünïcode & Søns <pay>, "q" 支払', deep)
    analytics = world.account("analytics", workloads)
    archive = world.account("log-archive", security)
    world.account("no-buckets-no-keys")
    keys_only = world.account("keys-only", security)
    closed = world.account("closed-long-ago", workloads)
    # ListAccounts gives 20 a page: these make a second one.
    for number in range(1, 16):
        world.account(f"sandbox-{number:02}", workloads)

    closed_key = seed_closed(world, closed)
    central = seed_management(world)
    home = seed_payments_keys(world, payments)
    seed_payments_buckets(world, payments, home)
    seed_payments_dangling(world, payments, home, closed_key)
    seed_payments_multi_region(world, payments)
    seed_payments_left_out(world, payments, home)
    seed_quaint(world, quaint, home)
    seed_analytics(world, analytics, home, central)
    seed_archive(world, archive)
    seed_keys_only(world, keys_only)
    note_deviations(world)


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


def seed_closed(world: World, account_id: str) -> Key:
    """A suspended account: listed, not scanned; its bucket and its key have no rows."""
    key = plain_key(world, account_id, "us-east-1", ("alias/closed",))
    world.client("s3", "us-east-1", account_id).create_bucket(Bucket="closed-long-ago-bucket")
    world.close(account_id)
    return key


def seed_management(world: World) -> Key:
    """The caller's own account is scanned like any other."""
    account = MANAGEMENT_ACCOUNT
    key = plain_key(world, account, "us-east-1", ("alias/central",))
    turn_on_rotation(world, key)
    world.expect_key(
        key,
        SYMMETRIC
        | ROTATES
        | made(world, key)
        | {
            "aliases": ["alias/central"],
            # master-central-trail, analytics-cross-master
            "default_key_of_buckets": 2,
            "default_key_of_accounts": 2,
        },
        READS_ROTATING,
    )
    name = "master-central-trail"
    world.bucket(
        account,
        "us-east-1",
        name,
        SSE_KMS
        | reference("alias/central", "alias_name", "same_account", key.arn, account, ROTATING)
        | {"bucket_key_enabled": True},
        default=rule("aws:kms", "alias/central", bucket_key=True),
        policy=policy(deny("TlsOnly", name, ["", "/*"])),
        tls_only="enforced",
    )
    world.bucket(account, "us-east-1", "master-untouched", NOT_CONFIGURED)
    return key


def seed_payments_keys(world: World, account: str) -> dict[str, Key]:
    """A key of every kind, in one Region."""
    region = "eu-west-1"
    client = world.client("kms", region, account)
    keys: dict[str, Key] = {}

    # Three aliases, made out of order: the row sorts them.
    keys["rotating"] = key = plain_key(
        world, account, region, ("alias/payments/zeta", LONG_ALIAS, "alias/payments/Alpha_1")
    )
    turn_on_rotation(world, key, days=180)
    world.expect_key(
        key,
        SYMMETRIC
        | ROTATES
        | made(world, key)
        | {
            "aliases": [LONG_ALIAS, "alias/payments/Alpha_1", "alias/payments/zeta"],
            # payments-kms-key-arn, -key-id, -alias-name, -alias-arn, payments-dsse-key-arn,
            # quaint-alias-arn-of-payments, analytics-cross-payments
            "default_key_of_buckets": 7,
            "default_key_of_accounts": 3,
        },
        READS_ROTATING,
        # and payments-left-out-home
        fallback={"default_key_of_buckets": 8},
    )
    world.deviates("keys", key.arn, "rotation_period_days", None, 180)

    keys["still"] = key = plain_key(world, account, region, ("alias/still",))
    world.expect_key(
        key,
        SYMMETRIC
        | made(world, key)
        | {"aliases": ["alias/still"], "default_key_of_buckets": 1, "default_key_of_accounts": 1},
        READS_STILL,
    )

    # Rotated by hand three times, and rotating by itself.
    key = plain_key(world, account, region, ())
    turn_on_rotation(world, key)
    for _ in range(3):
        client.rotate_key_on_demand(KeyId=key.id)
    last = client.list_key_rotations(KeyId=key.id)["Rotations"][-1]["RotationDate"]
    world.expect_key(
        key,
        SYMMETRIC
        | ROTATES
        | made(world, key)
        | {
            "on_demand_rotations": 3,
            "last_rotation_at": at(last),
            "last_rotation_type": "ON_DEMAND",
        },
        READS_ROTATING,
    )

    keys["switched_off"] = key = plain_key(world, account, region, ("alias/switched-off",))
    turn_on_rotation(world, key)
    client.disable_key(KeyId=key.id)
    world.expect_key(
        key,
        SYMMETRIC
        | ROTATES
        | made(world, key)
        | {
            "aliases": ["alias/switched-off"],
            "key_state": "Disabled",
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
        },
        READS_ROTATING,
    )

    # AWS reads rotation as false while a key waits for deletion, so it must not be asked.
    keys["pending"] = key = plain_key(world, account, region, ())
    turn_on_rotation(world, key)
    deletion = client.schedule_key_deletion(KeyId=key.id, PendingWindowInDays=7)["DeletionDate"]
    world.expect_key(
        key,
        SYMMETRIC
        | cannot_rotate("pending_deletion")
        | made(world, key)
        | {
            "key_state": "PendingDeletion",
            "deletion_at": at(deletion),
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
        },
        READS_CANNOT,
    )

    keys["rsa"] = key = world.key(
        account, region, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False
    )
    world.expect_key(
        key,
        SYMMETRIC
        | cannot_rotate("asymmetric")
        | made(world, key)
        | {"key_spec": "RSA_2048", "default_key_of_buckets": 1, "default_key_of_accounts": 1},
        READS_CANNOT,
    )

    key = world.key(account, region, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", MultiRegion=False)
    world.expect_key(
        key,
        SYMMETRIC
        | cannot_rotate("asymmetric")
        | made(world, key)
        | {"key_spec": "ECC_NIST_P256", "key_usage": "SIGN_VERIFY"},
        READS_CANNOT,
    )

    key = world.key(
        account,
        region,
        aliases=("alias/mac",),
        KeySpec="HMAC_256",
        KeyUsage="GENERATE_VERIFY_MAC",
        MultiRegion=False,
    )
    world.expect_key(
        key,
        SYMMETRIC
        | cannot_rotate("hmac")
        | made(world, key)
        | {"aliases": ["alias/mac"], "key_spec": "HMAC_256", "key_usage": "GENERATE_VERIFY_MAC"},
        READS_CANNOT,
    )

    keys["byok"] = key = plain_key(world, account, region, ("alias/byok",), Origin="EXTERNAL")
    world.expect_key(
        key,
        SYMMETRIC
        | cannot_rotate("imported_material")
        | made(world, key)
        | {
            "aliases": ["alias/byok"],
            "key_origin": "EXTERNAL",
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
        },
        READS_CANNOT,
    )
    world.deviates("keys", key.arn, "key_state", "Enabled", "PendingImport")

    for origin, store in (("AWS_CLOUDHSM", "cks-0123456789"), ("EXTERNAL_KEY_STORE", "cks-9876543210")):
        key = plain_key(world, account, region, (), Origin=origin, CustomKeyStoreId=store)
        world.expect_key(
            key,
            SYMMETRIC | cannot_rotate("custom_key_store") | made(world, key) | {"key_origin": origin},
            READS_CANNOT,
        )
        world.deviates("keys", key.arn, "custom_key_store_id", None, store)

    # Two reasons at once: the first in the contract's order wins.
    key = plain_key(world, account, region, (), Origin="EXTERNAL")
    deletion = client.schedule_key_deletion(KeyId=key.id, PendingWindowInDays=30)["DeletionDate"]
    world.expect_key(
        key,
        SYMMETRIC
        | cannot_rotate("pending_deletion")
        | made(world, key)
        | {"key_origin": "EXTERNAL", "key_state": "PendingDeletion", "deletion_at": at(deletion)},
        READS_CANNOT,
    )

    # moto says neither usage nor multi-Region of a key that was made without them.
    key = world.key(account, region)
    world.expect_key(key, SYMMETRIC | made(world, key) | {"key_usage": None}, READS_STILL)
    world.deviates("keys", key.arn, "key_usage", None, "ENCRYPT_DECRYPT")

    # In a Region that `--region` leaves out and the default set has.
    keys["far"] = key = plain_key(world, account, "eu-central-1", ("alias/far",))
    world.expect_key(
        key,
        SYMMETRIC
        | made(world, key)
        | {"aliases": ["alias/far"], "default_key_of_buckets": 1, "default_key_of_accounts": 1},
        READS_STILL,
        named=False,
    )
    return keys


def seed_payments_buckets(world: World, account: str, keys: dict[str, Key]) -> None:
    """Every mode, and every form of a reference that leads to a key."""
    region = "eu-west-1"
    rotating, still, pending, rsa = (keys[name] for name in ("rotating", "still", "pending", "rsa"))

    def bucket(name: str, algorithm: str, key_ref: str | None, expect: dict, flag=None, **more) -> None:
        world.bucket(
            account, region, name, expect, default=rule(algorithm, key_ref, bucket_key=flag), **more
        )

    def same(key_ref: str, kind: str, key: Key, facts: dict) -> dict:
        return reference(key_ref, kind, "same_account", key.arn, account, facts)

    # Dots are legal in a bucket's name, and break virtual-host TLS.
    name = "payments.sse-s3.with.dots"
    bucket(
        name,
        "AES256",
        None,
        SSE_S3,
        policy=policy(deny("TlsOnly", name, ["", "/*"])),
        tls_only="enforced",
    )
    bucket(
        "payments-kms-key-arn",
        "aws:kms",
        rotating.arn,
        SSE_KMS | same(rotating.arn, "key_arn", rotating, ROTATING) | {"bucket_key_enabled": True},
        flag=True,
    )
    bucket(
        "payments-kms-key-id",
        "aws:kms",
        rotating.id,
        SSE_KMS | same(rotating.id, "key_id", rotating, ROTATING),
        flag=False,
    )
    bucket(
        "payments-kms-alias-name",
        "aws:kms",
        "alias/payments/zeta",
        SSE_KMS | same("alias/payments/zeta", "alias_name", rotating, ROTATING),
    )
    bucket(
        "payments-kms-alias-arn",
        "aws:kms",
        rotating.alias_arn(LONG_ALIAS),
        SSE_KMS | same(rotating.alias_arn(LONG_ALIAS), "alias_arn", rotating, ROTATING),
    )
    bucket(
        "payments-dsse-key-arn",
        "aws:kms:dsse",
        rotating.arn,
        DSSE_KMS | same(rotating.arn, "key_arn", rotating, ROTATING),
    )
    bucket(
        "payments-still", "aws:kms", still.arn, SSE_KMS | same(still.arn, "key_arn", still, STILL)
    )
    bucket(
        "payments-switched-off",
        "aws:kms",
        "alias/switched-off",
        SSE_KMS
        | same("alias/switched-off", "alias_name", keys["switched_off"], ROTATING)
        | {"kms_key_state": "Disabled"},
    )
    bucket(
        "payments-pending-deletion",
        "aws:kms",
        pending.id,
        SSE_KMS
        | same(pending.id, "key_id", pending, ROTATING)
        | {
            "kms_key_state": "PendingDeletion",
            "kms_key_rotation": "not_applicable",
            "kms_key_rotation_reason": "pending_deletion",
        },
    )
    # S3 does not check the key when the setting is made: an asymmetric one can stand there.
    bucket(
        "payments-asymmetric",
        "aws:kms",
        rsa.arn,
        SSE_KMS
        | same(rsa.arn, "key_arn", rsa, ROTATING)
        | {"kms_key_rotation": "not_applicable", "kms_key_rotation_reason": "asymmetric"},
    )
    bucket(
        "payments-byok",
        "aws:kms",
        "alias/byok",
        SSE_KMS
        | same("alias/byok", "alias_name", keys["byok"], ROTATING)
        | {
            "kms_key_origin": "EXTERNAL",
            "kms_key_rotation": "not_applicable",
            "kms_key_rotation_reason": "imported_material",
        },
    )
    seed_aws_managed(bucket, account, region)
    seed_other_algorithms(bucket)


def seed_aws_managed(bucket, account: str, region: str) -> None:
    """The AWS managed key, in every form. ListKeys of moto lists none of them."""
    own_key = {"kms_key_account_id": account, "kms_key_arn": None, **AWS_MANAGED}
    none = {"kms_key_ref": None, "kms_key_ref_kind": "none", **own_key}
    bucket("payments-kms-no-key", "aws:kms", None, SSE_KMS | none)
    bucket("payments-dsse-no-key", "aws:kms:dsse", None, DSSE_KMS | none)
    bucket(
        "payments-aws-alias",
        "aws:kms",
        "alias/aws/s3",
        SSE_KMS | {"kms_key_ref": "alias/aws/s3", "kms_key_ref_kind": "alias_name", **own_key},
    )
    alias_arn = f"arn:aws:kms:{region}:{account}:alias/aws/s3"
    bucket(
        "payments-aws-alias-arn",
        "aws:kms",
        alias_arn,
        SSE_KMS | {"kms_key_ref": alias_arn, "kms_key_ref_kind": "alias_arn", **own_key},
    )
    # Seen in the wild: another account's alias/aws/s3. It is still an AWS managed key.
    alias_arn = f"arn:aws:kms:{region}:{OUTSIDE_ACCOUNT}:alias/aws/s3"
    bucket(
        "payments-aws-alias-of-others",
        "aws:kms",
        alias_arn,
        SSE_KMS | {"kms_key_ref": alias_arn, "kms_key_ref_kind": "alias_arn", **own_key},
    )
    # ListAliases has the key as alias/aws/s3's target, which proves what it is; ListKeys, which on
    # AWS lists it, does not here: it must not be called missing.
    key_arn = f"arn:aws:kms:{region}:{account}:key/{MOTO_AWS_S3_KEY}"
    bucket(
        "payments-aws-key-arn",
        "aws:kms",
        key_arn,
        SSE_KMS
        | {"kms_key_ref": key_arn, "kms_key_ref_kind": "key_arn", **own_key, "kms_key_arn": key_arn},
    )


def seed_other_algorithms(bucket) -> None:
    """Algorithms that this version has no word for, one of them not yet invented."""
    for algorithm in ("aws:fsx", "aws:backup", "aws:quantum"):
        bucket(
            f"payments-{algorithm.removeprefix('aws:')}",
            algorithm,
            None,
            {
                "encryption": "other",
                "encryption_read": "known",
                "sse_algorithm": algorithm,
                "bucket_key_enabled": False,
                **NO_KEY,
            },
        )


def seed_payments_dangling(world: World, account: str, keys: dict[str, Key], closed_key: Key) -> None:
    """References that lead nowhere, out of the organization, or where nobody looked."""
    region = "eu-west-1"
    outside_arn = f"arn:aws:kms:{region}:{OUTSIDE_ACCOUNT}:key/{NO_SUCH_KEY}"
    outside_alias = f"arn:aws:kms:{region}:{OUTSIDE_ACCOUNT}:alias/theirs"
    outside_partition = f"arn:aws-cn:kms:cn-north-1:888888888888:key/{NO_SUCH_KEY}"
    missing_arn = f"arn:aws:kms:{region}:{account}:key/{NO_SUCH_KEY}"
    missing_alias_arn = f"arn:aws:kms:{region}:{account}:alias/no-such-alias"
    far = keys["far"]
    # name, reference, kind, link, ARN, account
    rows = [
        ("missing-alias", "alias/no-such-alias", "alias_name", "missing", None, account),
        ("missing-alias-arn", missing_alias_arn, "alias_arn", "missing", None, account),
        ("missing-id", NO_SUCH_KEY, "key_id", "missing", None, account),
        ("missing-arn", missing_arn, "key_arn", "missing", missing_arn, account),
        # An alias by this name is in analytics and in keys-only, and not here.
        ("alias-of-others", "alias/analytics", "alias_name", "missing", None, account),
        # Aliases are told apart by case.
        ("alias-in-another-case", "alias/STILL", "alias_name", "missing", None, account),
        ("never-a-key", "never a <key> & no id", "key_id", "missing", None, account),
        ("outside-arn", outside_arn, "key_arn", "outside_org", outside_arn, OUTSIDE_ACCOUNT),
        ("outside-alias", outside_alias, "alias_arn", "outside_org", None, OUTSIDE_ACCOUNT),
        (
            "outside-partition",
            outside_partition,
            "key_arn",
            "outside_org",
            outside_partition,
            "888888888888",
        ),
        # The owner is of the organization, and suspended: nobody can look.
        ("closed-owner", closed_key.arn, "key_arn", "unproven", closed_key.arn, closed_key.account_id),
        (
            "closed-owner-alias",
            closed_key.alias_arn("alias/closed"),
            "alias_arn",
            "unproven",
            None,
            closed_key.account_id,
        ),
    ]
    for name, key_ref, kind, link, arn, owner in rows:
        world.bucket(
            account,
            region,
            f"payments-{name}",
            SSE_KMS | reference(key_ref, kind, link, arn, owner, NOTHING_KNOWN),
            default=rule("aws:kms", key_ref),
        )
    # Whether the key is there shows only when its Region is scanned.
    world.bucket(
        account,
        region,
        "payments-far-key",
        SSE_KMS | reference(far.arn, "key_arn", "unproven", far.arn, account, NOTHING_KNOWN),
        default=rule("aws:kms", far.arn),
        fallback=reference(far.arn, "key_arn", "same_account", far.arn, account, STILL),
    )


def seed_payments_multi_region(world: World, account: str) -> None:
    """A primary that is scanned, one that `--region` leaves out, and a replica of each."""
    primary = world.key(
        account, "eu-west-1", KeyUsage="ENCRYPT_DECRYPT", MultiRegion=True, aliases=("alias/both",)
    )
    replica = world.replica(primary, "us-east-1")
    # After the copy was made: on AWS the replica follows, in moto it does not.
    turn_on_rotation(world, primary)
    expect_primary(world, primary, {"aliases": ["alias/both"]}, READS_ROTATING, True)
    expect_replica(
        world,
        replica,
        primary,
        {
            # moto's copy shares the aliases of what it was copied from.
            "aliases": ["alias/both"],
            "rotation": "enabled",
            # payments-replica-id
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
        },
        fallback={},
    )
    world.deviates("keys", replica.arn, "aliases", ["alias/both"], [])
    world.deviates("keys", primary.arn, "MultiRegionKeyType", "REPLICA", "PRIMARY")

    # A multi-Region key's id is the same everywhere: a bare one means the bucket's own Region.
    world.bucket(
        account,
        "us-east-1",
        "payments-replica-id",
        SSE_KMS
        | reference(replica.id, "key_id", "same_account", replica.arn, account, ROTATING)
        | {"kms_key_rotation_reason": "replica_of_primary"},
        default=rule("aws:kms", replica.id),
    )
    nowhere = f"arn:aws:kms:ap-southeast-2:{account}:key/{primary.id}"
    world.bucket(
        account,
        "us-east-1",
        "payments-no-replica-there",
        SSE_KMS | reference(nowhere, "key_arn", "missing", nowhere, account, NOTHING_KNOWN),
        default=rule("aws:kms", nowhere),
    )
    seed_replica_of_unscanned(world, account)


def seed_replica_of_unscanned(world: World, account: str) -> None:
    """A replica whose primary is read in one scenario only."""
    primary = world.key(account, "af-south-1", KeyUsage="ENCRYPT_DECRYPT", MultiRegion=True)
    turn_on_rotation(world, primary)
    replica = world.replica(primary, "us-east-1")
    expect_primary(world, primary, {}, READS_ROTATING, False)
    expect_replica(
        world,
        replica,
        primary,
        {"rotation": "unknown", "default_key_of_buckets": 1, "default_key_of_accounts": 1},
        fallback={"rotation": "enabled"},
    )
    not_known = {"kms_key_rotation": "unknown", "kms_key_rotation_reason": "replica_of_primary"}
    world.bucket(
        account,
        "us-east-1",
        "payments-replica-of-unscanned",
        SSE_KMS
        | reference(replica.arn, "key_arn", "same_account", replica.arn, account, ROTATING)
        | not_known,
        default=rule("aws:kms", replica.arn),
        fallback={"kms_key_rotation": "enabled"},
    )


def expect_primary(world: World, key: Key, expect: dict, reads: list, named: bool) -> None:
    """A multi-Region primary key, which rotates."""
    world.expect_key(
        key,
        SYMMETRIC
        | ROTATES
        | made(world, key)
        | {"multi_region": "primary", "primary_key_arn": key.arn}
        | expect,
        reads,
        named=named,
    )


def expect_replica(world: World, key: Key, primary: Key, expect: dict, *, fallback: dict) -> None:
    """A replica: its primary tells of rotation, and it is not asked."""
    world.expect_key(
        key,
        # `made` describes the replica, after which moto calls both of them REPLICA for good (they
        # share one record): what is what shows in the primary's ARN alone, on AWS as in moto.
        SYMMETRIC
        | made(world, key)
        | {
            "multi_region": "replica",
            "primary_key_arn": primary.arn,
            "rotation_reason": "replica_of_primary",
            "rotation_read": "not_asked",
        }
        | expect,
        READS_CANNOT,
        fallback=fallback,
    )


def seed_payments_left_out(world: World, account: str, keys: dict[str, Key]) -> None:
    """An opt-in Region: outside `--region`, outside the default set, named by buckets alone."""
    region = "af-south-1"
    plain = plain_key(world, account, region, ("alias/south",))
    world.expect_key(
        plain,
        SYMMETRIC
        | made(world, plain)
        | {"aliases": ["alias/south"], "default_key_of_buckets": 1, "default_key_of_accounts": 1},
        READS_STILL,
        named=False,
    )
    refused = seed_refused_key(world, account, region)
    home = keys["rotating"]
    for name, key_ref, fallback in (
        (
            "payments-left-out",
            plain.id,
            reference(plain.id, "key_id", "same_account", plain.arn, account, STILL),
        ),
        (
            "payments-left-out-home",
            home.arn,
            reference(home.arn, "key_arn", "same_account", home.arn, account, ROTATING),
        ),
        # The listing has the key, and nothing more is known of it.
        (
            "payments-left-out-refused",
            refused.arn,
            reference(refused.arn, "key_arn", "same_account", refused.arn, account, NOTHING_KNOWN)
            | {"kms_key_rotation": "unknown"},
        ),
    ):
        world.bucket(
            account,
            region,
            name,
            {},
            default=rule("aws:kms", key_ref),
            named=LEFT_OUT,
            fallback=SSE_KMS | fallback,
        )


def seed_refused_key(world: World, account: str, region: str) -> Key:
    """A key whose own policy refuses DescribeKey: the one denial that moto enforces by itself."""
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": ["kms:DescribeKey", "kms:GetKeyRotationStatus"],
                    "Resource": "*",
                }
            ],
        }
    )
    key = plain_key(world, account, region, (), Policy=text)
    nothing = {column: None for column in SYMMETRIC if column.startswith("key_")}
    world.expect_key(
        key,
        SYMMETRIC
        | nothing
        | {
            "created_at": None,
            "multi_region": None,
            "describe_read": "denied",
            "rotation": "unknown",
            # What depends on a read that failed is planned, and not sent.
            "rotation_read": "not_asked",
            "policy_sha256": sha256(text),
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
        },
        [
            ("kms:DescribeKey", "denied"),
            ("kms:GetKeyRotationStatus", "not_asked"),
            # Whether its history was planned is open: that depends on a rotation nobody knows.
            ("kms:ListKeyRotations", "perhaps_not_asked"),
            POLICY,
        ],
        named=False,
    )
    return key


def seed_quaint(world: World, account: str, keys: dict[str, Key]) -> None:
    """An account with a name for every escape, the longest bucket name, and another's alias."""
    key = keys["rotating"]
    alias_arn = key.alias_arn("alias/payments/zeta")
    world.bucket(
        account,
        "eu-west-1",
        "quaint-alias-arn-of-payments",
        SSE_KMS | reference(alias_arn, "alias_arn", "same_org", key.arn, key.account_id, ROTATING),
        default=rule("aws:kms", alias_arn),
    )
    world.bucket(account, "eu-west-1", "q" * 63, SSE_S3, default=rule("AES256"))


def seed_analytics(world: World, account: str, keys: dict[str, Key], central: Key) -> None:
    """One alias name in two Regions, and keys of other accounts."""
    sydney = plain_key(world, account, "ap-southeast-2", ("alias/analytics",))
    turn_on_rotation(world, sydney)
    virginia = plain_key(world, account, "us-east-1", ("alias/analytics",))
    alias = {
        "aliases": ["alias/analytics"],
        "default_key_of_buckets": 1,
        "default_key_of_accounts": 1,
    }
    world.expect_key(sydney, SYMMETRIC | ROTATES | made(world, sydney) | alias, READS_ROTATING)
    world.expect_key(virginia, SYMMETRIC | made(world, virginia) | alias, READS_STILL)

    def bucket(region: str, name: str, key_ref: str, expect: dict) -> None:
        world.bucket(account, region, name, SSE_KMS | expect, default=rule("aws:kms", key_ref))

    by_alias = ("alias/analytics", "alias_name", "same_account")
    bucket(
        "ap-southeast-2",
        "analytics-sydney",
        "alias/analytics",
        reference(*by_alias, sydney.arn, account, ROTATING),
    )
    # us-east-1 once allowed capitals and underscores, and such buckets live on.
    bucket(
        "us-east-1",
        "Analytics_Legacy.Name",
        "alias/analytics",
        reference(*by_alias, virginia.arn, account, STILL),
    )
    home = keys["rotating"]
    bucket(
        "ap-southeast-2",
        "analytics-cross-payments",
        home.arn,
        reference(home.arn, "key_arn", "same_org", home.arn, home.account_id, ROTATING),
    )
    bucket(
        "us-east-1",
        "analytics-cross-master",
        central.arn,
        reference(central.arn, "key_arn", "same_org", central.arn, MANAGEMENT_ACCOUNT, ROTATING),
    )
    # A bare alias means one of the bucket's own account, where this one is not.
    bucket(
        "ap-southeast-2",
        "analytics-bare-alias-of-payments",
        "alias/payments/zeta",
        reference("alias/payments/zeta", "alias_name", "missing", None, account, NOTHING_KNOWN),
    )
    dangling = f"arn:aws:kms:eu-west-1:{home.account_id}:key/{NO_SUCH_KEY}"
    bucket(
        "ap-southeast-2",
        "analytics-dangling-at-payments",
        dangling,
        reference(dangling, "key_arn", "missing", dangling, home.account_id, NOTHING_KNOWN),
    )
    # The account-regional namespace.
    world.bucket(
        account,
        "us-east-1",
        f"analytics-{account}-us-east-1-an",
        NOT_CONFIGURED,
        BucketNamespace="account-regional",
    )


def seed_archive(world: World, account: str) -> None:
    """Bucket policies, by what they do to plain HTTP."""
    region = "eu-west-1"
    role = {"AWS": f"arn:aws:iam::{account}:role/writer"}
    one_network = {"Bool": {"aws:SecureTransport": "false"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}

    def bucket(tls_only: str, name: str, *statements: dict) -> None:
        world.bucket(
            account,
            region,
            name,
            SSE_S3,
            default=rule("AES256"),
            policy=policy(*statements),
            tls_only=tls_only,
        )

    name = "archive-tls-enforced"
    bucket("enforced", name, deny("TlsOnly – «strict»", name, ["", "/*"]))
    name = "archive-tls-json-false"
    bucket("enforced", name, deny("TlsOnly", name, ["", "/*"], secure=False))
    name = "archive-tls-two-statements"
    bucket("enforced", name, deny("Bucket", name, [""]), deny("Objects", name, ["/*"]))
    name = "archive-tls-objects-only"
    bucket("partial", name, deny("Objects", name, ["/*"]))
    name = "archive-tls-one-role"
    bucket("partial", name, deny("Role", name, ["", "/*"], Principal=role))
    name = "archive-tls-one-network"
    bucket("partial", name, deny("Network", name, ["", "/*"], Condition=one_network))
    # A Deny of TLS, the usual slip of the pen, and an Allow on TLS: neither refuses plain HTTP.
    name = "archive-tls-inverted"
    bucket("absent", name, deny("Inverted", name, ["", "/*"], secure="true"))
    name = "archive-tls-allow"
    bucket("absent", name, deny("Allow", name, ["", "/*"], secure="true", Effect="Allow", Principal=role))

    key_policy = '{ "Version" : "2012-10-17",\n  "Statement" : [] }\n'
    key = plain_key(world, account, region, (), Policy=key_policy)
    turn_on_rotation(world, key)
    world.expect_key(
        key,
        SYMMETRIC
        | ROTATES
        | {
            "created_at": world.created_at(key),
            "policy_sha256": sha256(key_policy),
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
        },
        READS_ROTATING,
    )
    world.bucket(
        account,
        region,
        "archive-own-key",
        SSE_KMS | reference(key.arn, "key_arn", "same_account", key.arn, account, ROTATING),
        default=rule("aws:kms", key.arn),
    )


def seed_keys_only(world: World, account: str) -> None:
    """Keys, and no bucket."""
    # By the name of an alias that another account's buckets use.
    key = plain_key(world, account, "us-east-1", ("alias/analytics",))
    world.expect_key(
        key, SYMMETRIC | made(world, key) | {"aliases": ["alias/analytics"]}, READS_STILL
    )
    # Rotated by hand, but not by itself: its history is not read.
    key = plain_key(world, account, "eu-west-1", ())
    world.client("kms", key.region, account).rotate_key_on_demand(KeyId=key.id)
    world.expect_key(key, SYMMETRIC | made(world, key), READS_STILL)


def note_deviations(world: World) -> None:
    """Where moto's answer is of a kind, and not of one resource."""
    world.deviates("accounts", "*", "ou_ids", None, "from Paths")
    world.deviates("buckets", "never configured", "encryption", "not_configured", "sse_s3")
    world.deviates("buckets", "*", "bucket_key_enabled", "false where unset", None)
    world.deviates("buckets", "*", "blocked_encryption_types", None, '["SSE-C"] or ["NONE"]')
    world.deviates("keys", "*", "next_rotation_at", None, "a date")
    world.deviates("keys", "rotating", "rotation_period_days", None, 365)


def main() -> None:
    world = World(sys.argv[1])
    seed(world)
    text = json.dumps(world.truth(), ensure_ascii=False, indent=1)
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
