"""The account with a key of every kind, and a bucket for every form of a reference to one."""

import json

from expected import (
    AWS_MANAGED,
    BUCKET_KEY,
    BY_ALIAS_ARN,
    BY_ALIAS_NAME,
    BY_KEY_ARN,
    BY_KEY_ID,
    DSSE_KMS,
    ELSEWHERE,
    LEFT_OUT,
    MISSING,
    NO_POLICY,
    NOTHING_KNOWN,
    OTHER,
    OUTSIDE_ORG,
    PENDING_DELETION,
    READS_CANNOT,
    READS_ROTATING,
    READS_STILL,
    ROTATES,
    ROTATING,
    SAME_ACCOUNT,
    SSE_KMS,
    SSE_S3,
    STILL,
    SUSPENDED,
    SYMMETRIC,
    TLS_ENFORCED,
    UNPROVEN,
    UNREAD,
    YOUNG,
    cannot,
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
from verdicts import fails, not_applicable, passes, unknown

# Accounts and keys that no organization here has.
OUTSIDE_ACCOUNT = "999999999999"
NO_SUCH_KEY = "00000000-dead-beef-0000-000000000000"
# What moto's ListAliases gives as the target of `alias/aws/s3`, and ListKeys does not list.
MOTO_AWS_S3_KEY = "8c3faf07-f43c-4d11-abdb-9183079214c7"

LONG_ALIAS = "alias/" + "n" * 250

# Where the reference alone shows that S3 cannot use the key: the closed account's is in us-east-1.
NOT_REACHED = {
    "outside-partition": {"s3_key_usable": fails("key_in_other_partition")},
    "closed-owner": ELSEWHERE,
    "closed-owner-alias": ELSEWHERE,
}


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
        | SUSPENDED
        | {
            "aliases": ["alias/switched-off"],
            "key_state": "Disabled",
            # payments-switched-off
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
            "kms_key_disabled": fails("key_disabled_in_use", severity="high"),
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
        | PENDING_DELETION
        | made(world, key)
        | {
            "deletion_at": at(deletion),
            # payments-pending-deletion
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
            "kms_key_pending_deletion": fails("pending_deletion_in_use", severity="critical"),
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
        | YOUNG
        | made(world, key)
        | {"key_spec": "RSA_2048", "default_key_of_buckets": 1, "default_key_of_accounts": 1},
        READS_CANNOT,
    )

    key = world.key(account, region, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", MultiRegion=False)
    world.expect_key(
        key,
        SYMMETRIC
        | cannot_rotate("asymmetric")
        | YOUNG
        | made(world, key)
        | {"key_spec": "ECC_NIST_P256", "key_usage": "SIGN_VERIFY"},
        READS_CANNOT,
    )

    keys["mac"] = key = world.key(
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
        | YOUNG
        | made(world, key)
        | {
            "aliases": ["alias/mac"],
            "key_spec": "HMAC_256",
            "key_usage": "GENERATE_VERIFY_MAC",
            # payments-mac
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
        },
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
        | YOUNG
        | made(world, key)
        | {
            "aliases": ["alias/byok"],
            "key_origin": "EXTERNAL",
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
            "kms_material_expiring": passes("material_does_not_expire"),
        },
        READS_CANNOT,
    )
    world.deviates("keys", key.arn, "key_state", "Enabled", "PendingImport")

    # What is in CloudHSM was made there for the key; what is outside AWS may be of any age.
    store = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-0123456789"}
    hsm = plain_key(world, account, region, ("alias/hsm",), **store)
    world.expect_key(
        hsm,
        SYMMETRIC
        | cannot_rotate("custom_key_store")
        | YOUNG
        | made(world, hsm)
        | {
            "aliases": ["alias/hsm"],
            "key_origin": "AWS_CLOUDHSM",
            # payments-hsm
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
        },
        READS_CANNOT,
    )
    world.deviates("keys", hsm.arn, "custom_key_store_id", None, "cks-0123456789")
    store = {"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": "cks-9876543210"}
    key = plain_key(world, account, region, (), **store)
    world.expect_key(
        key,
        SYMMETRIC
        | cannot_rotate("custom_key_store")
        | made(world, key)
        | {
            "key_origin": "EXTERNAL_KEY_STORE",
            "kms_key_material_age": unknown("rotation_outside_kms"),
        },
        READS_CANNOT,
    )
    world.deviates("keys", key.arn, "custom_key_store_id", None, "cks-9876543210")

    # Two reasons at once: the first in the contract's order wins.
    key = plain_key(world, account, region, (), Origin="EXTERNAL")
    deletion = client.schedule_key_deletion(KeyId=key.id, PendingWindowInDays=30)["DeletionDate"]
    world.expect_key(
        key,
        SYMMETRIC
        | PENDING_DELETION
        | made(world, key)
        | {
            "key_origin": "EXTERNAL",
            "deletion_at": at(deletion),
            "kms_material_expiring": passes("material_does_not_expire"),
        },
        READS_CANNOT,
    )

    return {"byok": byok, "hsm": hsm}


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
        default = rule(algorithm, key_ref, bucket_key=flag)
        world.bucket(account, region, name, NO_POLICY | expect, default=default, **more)

    def same(key_ref: str, kind: dict, key: Key, facts: dict) -> dict:
        return reference(key_ref, kind, SAME_ACCOUNT, key.arn, account, facts)

    # Dots are legal in a bucket's name, and break virtual-host TLS.
    name = "payments.sse-s3.with.dots"
    bucket(
        name,
        "AES256",
        None,
        SSE_S3 | TLS_ENFORCED,
        policy=policy(deny("TlsOnly", name, ["", "/*"])),
    )
    bucket(
        "payments-kms-key-arn",
        "aws:kms",
        rotating.arn,
        SSE_KMS | same(rotating.arn, BY_KEY_ARN, rotating, ROTATING) | BUCKET_KEY,
        flag=True,
    )
    bucket(
        "payments-kms-key-id",
        "aws:kms",
        rotating.id,
        SSE_KMS | same(rotating.id, BY_KEY_ID, rotating, ROTATING),
        flag=False,
    )
    bucket(
        "payments-kms-alias-name",
        "aws:kms",
        "alias/payments/zeta",
        SSE_KMS | same("alias/payments/zeta", BY_ALIAS_NAME, rotating, ROTATING),
    )
    bucket(
        "payments-kms-alias-arn",
        "aws:kms",
        rotating.alias_arn(LONG_ALIAS),
        SSE_KMS | same(rotating.alias_arn(LONG_ALIAS), BY_ALIAS_ARN, rotating, ROTATING),
    )
    bucket(
        "payments-dsse-key-arn",
        "aws:kms:dsse",
        rotating.arn,
        DSSE_KMS | same(rotating.arn, BY_KEY_ARN, rotating, ROTATING),
    )
    bucket("payments-still", "aws:kms", still.arn, SSE_KMS | same(still.arn, BY_KEY_ARN, still, STILL))
    bucket(
        "payments-switched-off",
        "aws:kms",
        "alias/switched-off",
        SSE_KMS
        | same("alias/switched-off", BY_ALIAS_NAME, keys["switched_off"], ROTATING)
        | {
            "kms_key_state": "Disabled",
            "s3_key_usable": fails("key_disabled"),
            "s3_key_rotation": not_applicable("rotation_suspended"),
        },
    )
    bucket(
        "payments-pending-deletion",
        "aws:kms",
        pending.id,
        SSE_KMS
        | same(pending.id, BY_KEY_ID, pending, cannot("pending_deletion"))
        | {"kms_key_state": "PendingDeletion", "s3_key_usable": fails("key_pending_deletion")},
    )
    # S3 does not check the key when the setting is made: an asymmetric one can stand there.
    bucket(
        "payments-asymmetric",
        "aws:kms",
        rsa.arn,
        SSE_KMS
        | same(rsa.arn, BY_KEY_ARN, rsa, cannot("asymmetric"))
        | {"s3_key_usable": fails("key_not_symmetric")},
    )
    bucket(
        "payments-mac",
        "aws:kms",
        "alias/mac",
        SSE_KMS
        | same("alias/mac", BY_ALIAS_NAME, keys["mac"], cannot("hmac"))
        | {"s3_key_usable": fails("key_not_symmetric")},
    )
    # KMS says Enabled of a key in a key store, too, whose backing key is gone.
    hsm = keys["hsm"]
    bucket(
        "payments-hsm",
        "aws:kms",
        hsm.alias_arn("alias/hsm"),
        SSE_KMS
        | same(hsm.alias_arn("alias/hsm"), BY_ALIAS_ARN, hsm, cannot("custom_key_store"))
        | {"kms_key_origin": "AWS_CLOUDHSM", "s3_key_usable": unknown("backing_key_unproven")},
    )
    bucket(
        "payments-byok",
        "aws:kms",
        "alias/byok",
        SSE_KMS
        | same("alias/byok", BY_ALIAS_NAME, keys["byok"], cannot("imported_material"))
        | {"kms_key_origin": "EXTERNAL"},
    )
    seed_aws_managed(bucket, account, region)
    seed_other_algorithms(bucket)


def seed_aws_managed(bucket, account: str, region: str) -> None:
    """The AWS managed key, in every form. ListKeys of moto lists none of them."""
    own_key = {"kms_key_account_id": account, "kms_key_arn": None, **AWS_MANAGED}
    none = {
        "kms_key_ref": None,
        "kms_key_ref_kind": "none",
        **own_key,
        "s3_key_reference_by_arn": not_applicable("no_kms_key"),
    }
    # By the alias that every account has: it names no key of anybody's own.
    by_alias = none | {"kms_key_ref": "alias/aws/s3", "kms_key_ref_kind": "alias_name"}
    bucket("payments-kms-no-key", "aws:kms", None, SSE_KMS | none)
    bucket("payments-dsse-no-key", "aws:kms:dsse", None, DSSE_KMS | none)
    bucket(
        "payments-aws-alias",
        "aws:kms",
        "alias/aws/s3",
        SSE_KMS | by_alias,
    )
    alias_arn = f"arn:aws:kms:{region}:{account}:alias/aws/s3"
    bucket(
        "payments-aws-alias-arn",
        "aws:kms",
        alias_arn,
        SSE_KMS | by_alias | {"kms_key_ref": alias_arn, "kms_key_ref_kind": "alias_arn"},
    )
    # Seen in the wild: another account's alias/aws/s3. An AWS managed key works for its own account only.
    no_use = {"s3_key_rotation": not_applicable("rotation_of_unusable_key")}
    alias_arn = f"arn:aws:kms:{region}:{OUTSIDE_ACCOUNT}:alias/aws/s3"
    bucket(
        "payments-aws-alias-of-others",
        "aws:kms",
        alias_arn,
        SSE_KMS
        | reference(alias_arn, BY_ALIAS_ARN, OUTSIDE_ORG, None, OUTSIDE_ACCOUNT, NOTHING_KNOWN)
        | {"s3_key_usable": fails("aws_managed_of_other_account")}
        | no_use,
    )
    # ListAliases has the key as alias/aws/s3's target, which proves what it is; ListKeys, which on
    # AWS lists it, does not here: it must not be called missing.
    key_arn = f"arn:aws:kms:{region}:{account}:key/{MOTO_AWS_S3_KEY}"
    bucket(
        "payments-aws-key-arn",
        "aws:kms",
        key_arn,
        SSE_KMS | own_key | {"kms_key_ref": key_arn, **BY_KEY_ARN, "kms_key_arn": key_arn},
    )


def seed_other_algorithms(bucket) -> None:
    """Algorithms that this version has no word for, one of them not yet invented."""
    for algorithm in ("aws:fsx", "aws:backup", "aws:quantum"):
        bucket(
            f"payments-{algorithm.removeprefix('aws:')}",
            algorithm,
            None,
            OTHER | {"sse_algorithm": algorithm},
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
        ("missing-alias", "alias/no-such-alias", BY_ALIAS_NAME, MISSING, None, account),
        ("missing-alias-arn", missing_alias_arn, BY_ALIAS_ARN, MISSING, None, account),
        ("missing-id", NO_SUCH_KEY, BY_KEY_ID, MISSING, None, account),
        ("missing-arn", missing_arn, BY_KEY_ARN, MISSING, missing_arn, account),
        # An alias by this name is in analytics and in keys-only, and not here.
        ("alias-of-others", "alias/analytics", BY_ALIAS_NAME, MISSING, None, account),
        # Aliases are told apart by case.
        ("alias-in-another-case", "alias/STILL", BY_ALIAS_NAME, MISSING, None, account),
        ("never-a-key", "never a <key> & no id", BY_KEY_ID, MISSING, None, account),
        ("outside-arn", outside_arn, BY_KEY_ARN, OUTSIDE_ORG, outside_arn, OUTSIDE_ACCOUNT),
        ("outside-alias", outside_alias, BY_ALIAS_ARN, OUTSIDE_ORG, None, OUTSIDE_ACCOUNT),
        (
            "outside-partition",
            outside_partition,
            BY_KEY_ARN,
            OUTSIDE_ORG,
            outside_partition,
            "888888888888",
        ),
        # The owner is of the organization, and suspended: nobody can look.
        ("closed-owner", closed_key.arn, BY_KEY_ARN, UNPROVEN, closed_key.arn, closed_key.account_id),
        (
            "closed-owner-alias",
            closed_key.alias_arn("alias/closed"),
            BY_ALIAS_ARN,
            UNPROVEN,
            None,
            closed_key.account_id,
        ),
    ]
    for name, key_ref, kind, link, arn, owner in rows:
        world.bucket(
            account,
            region,
            f"payments-{name}",
            SSE_KMS
            | NO_POLICY
            | reference(key_ref, kind, link, arn, owner, NOTHING_KNOWN)
            | NOT_REACHED.get(name, {}),
            default=rule("aws:kms", key_ref),
        )
    # Whether the key is there shows only when its Region is scanned; that it is elsewhere, its ARN says.
    world.bucket(
        account,
        region,
        "payments-far-key",
        SSE_KMS | NO_POLICY | reference(far.arn, BY_KEY_ARN, UNPROVEN, far.arn, account, NOTHING_KNOWN) | ELSEWHERE,
        default=rule("aws:kms", far.arn),
        fallback=reference(far.arn, BY_KEY_ARN, SAME_ACCOUNT, far.arn, account, STILL) | ELSEWHERE,
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
            reference(plain.id, BY_KEY_ID, SAME_ACCOUNT, plain.arn, account, STILL),
        ),
        (
            "payments-left-out-home",
            home.arn,
            reference(home.arn, BY_KEY_ARN, SAME_ACCOUNT, home.arn, account, ROTATING) | ELSEWHERE,
        ),
        # The listing has the key, and nothing more is known of it.
        (
            "payments-left-out-refused",
            refused.arn,
            reference(refused.arn, BY_KEY_ARN, SAME_ACCOUNT, refused.arn, account, NOTHING_KNOWN)
            | {
                "kms_key_rotation": "unknown",
                "s3_key_usable": unknown("key_not_read"),
                "s3_key_rotation": unknown("rotation_not_read"),
            },
        ),
    ):
        world.bucket(
            account,
            region,
            name,
            {},
            default=rule("aws:kms", key_ref),
            named=LEFT_OUT,
            fallback=SSE_KMS | NO_POLICY | fallback,
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
        | UNREAD
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
