"""The account with a key of every kind, and a bucket for every form of a reference to one."""

import json

from expected import (
    AWS_MANAGED,
    DSSE_KMS,
    LEFT_OUT,
    NO_KEY,
    NOTHING_KNOWN,
    READS_CANNOT,
    READS_ROTATING,
    READS_STILL,
    ROTATES,
    ROTATING,
    SSE_KMS,
    SSE_S3,
    STILL,
    SYMMETRIC,
    cannot_rotate,
    deny,
    made,
    plain_key,
    policy,
    reference,
    rule,
    turn_on_rotation,
)
from moto_world import Key, World
from truth import at

# Accounts and keys that no organization here has.
OUTSIDE_ACCOUNT = "999999999999"
NO_SUCH_KEY = "00000000-dead-beef-0000-000000000000"
# What moto's ListAliases gives as the target of `alias/aws/s3`, and ListKeys does not list.
MOTO_AWS_S3_KEY = "8c3faf07-f43c-4d11-abdb-9183079214c7"

LONG_ALIAS = "alias/" + "n" * 250


def seed_payments_keys(world: World, account: str) -> dict[str, Key]:
    """A key of every kind, in one Region; gives those that buckets name."""
    return (
        seed_rotating_keys(world, account)
        | seed_keys_that_cannot_rotate(world, account)
        | seed_imported_keys(world, account)
        | seed_plain_keys(world, account)
    )


def seed_rotating_keys(world: World, account: str) -> dict[str, Key]:
    """Keys that rotate by themselves, by hand, and while they are disabled."""
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

    return keys


def seed_keys_that_cannot_rotate(world: World, account: str) -> dict[str, Key]:
    """Keys that wait for deletion, asymmetric keys and an HMAC key."""
    region = "eu-west-1"
    client = world.client("kms", region, account)
    keys: dict[str, Key] = {}

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

    return keys


def seed_imported_keys(world: World, account: str) -> dict[str, Key]:
    """Keys whose material KMS did not make."""
    region = "eu-west-1"
    client = world.client("kms", region, account)

    byok = key = plain_key(world, account, region, ("alias/byok",), Origin="EXTERNAL")
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

    return {"byok": byok}


def seed_plain_keys(world: World, account: str) -> dict[str, Key]:
    """Keys that do not rotate: here, elsewhere, and one of which moto says less."""
    region = "eu-west-1"
    keys: dict[str, Key] = {}

    keys["still"] = key = plain_key(world, account, region, ("alias/still",))
    world.expect_key(
        key,
        SYMMETRIC
        | made(world, key)
        | {"aliases": ["alias/still"], "default_key_of_buckets": 1, "default_key_of_accounts": 1},
        READS_STILL,
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
        world.bucket(account, region, name, expect, default=rule(algorithm, key_ref, bucket_key=flag), **more)

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
    bucket("payments-still", "aws:kms", still.arn, SSE_KMS | same(still.arn, "key_arn", still, STILL))
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
        SSE_KMS | {"kms_key_ref": key_arn, "kms_key_ref_kind": "key_arn", **own_key, "kms_key_arn": key_arn},
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
            # Only customer keys are asked for their policy, and whose key this is was not told.
            "policy_read": "not_asked",
            "policy_sha256": None,
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
        },
        [
            ("kms:DescribeKey", "denied"),
            ("kms:GetKeyRotationStatus", "not_asked"),
            ("kms:ListKeyRotations", "not_asked"),
            ("kms:GetKeyPolicy", "not_asked"),
        ],
        named=False,
    )
    return key
