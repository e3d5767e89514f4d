"""Multi-Region keys: two primaries, a replica of each, and buckets that name the replicas."""

from expected import (
    BY_KEY_ARN,
    BY_KEY_ID,
    MISSING,
    NO_POLICY,
    NOTHING_KNOWN,
    READS_CANNOT,
    READS_ROTATING,
    ROTATES,
    ROTATING,
    SAME_ACCOUNT,
    SSE_KMS,
    SYMMETRIC,
    made,
    reference,
    rule,
    turn_on_rotation,
)
from moto_world import Key, World
from verdicts import columns, not_applicable, passes, rotation_period, unknown

# A replica carries all that its primary was read to say of rotation; it is judged at the primary.
PRIMARY_ROTATES = columns(ROTATES) | {"rotation_read": "known"}
JUDGED_AT_PRIMARY = {
    "kms_rotation_enabled": not_applicable("replica_of_primary"),
    **rotation_period(not_applicable("replica_of_primary")),
    "kms_key_material_age": not_applicable("replica_of_primary"),
}


def seed_payments_multi_region(world: World, account: str) -> None:
    """A primary that is scanned, one that `--region` leaves out, and a replica of each."""
    # Without an alias: moto's copy shares them, and lists one with the ARN of the other Region, which is no answer.
    primary = world.key(account, "eu-west-1", KeyUsage="ENCRYPT_DECRYPT", MultiRegion=True)
    replica = world.replica(primary, "us-east-1")
    # After the copy was made: on AWS the replica follows, in moto it does not.
    turn_on_rotation(world, primary)
    expect_primary(world, primary, {}, READS_ROTATING, True)
    expect_replica(
        world,
        replica,
        primary,
        {
            **PRIMARY_ROTATES,
            # payments-replica-id
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
        },
        fallback={},
    )
    world.deviates("keys", primary.arn, "MultiRegionKeyType", "REPLICA", "PRIMARY")

    # A multi-Region key's id is the same everywhere: a bare one means the bucket's own Region.
    world.bucket(
        account,
        "us-east-1",
        "payments-replica-id",
        SSE_KMS
        | NO_POLICY
        | reference(replica.id, BY_KEY_ID, SAME_ACCOUNT, replica.arn, account, ROTATING)
        | {"kms_key_rotation_reason": "replica_of_primary"},
        default=rule("aws:kms", replica.id),
    )
    nowhere = f"arn:aws:kms:ap-southeast-2:{account}:key/{primary.id}"
    world.bucket(
        account,
        "us-east-1",
        "payments-no-replica-there",
        SSE_KMS | NO_POLICY | reference(nowhere, BY_KEY_ARN, MISSING, nowhere, account, NOTHING_KNOWN),
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
        {
            "rotation": "unknown",
            "rotation_read": "not_asked",
            "default_key_of_buckets": 1,
            "default_key_of_accounts": 1,
        },
        fallback=PRIMARY_ROTATES,
    )
    not_known = {
        "kms_key_rotation": "unknown",
        "kms_key_rotation_reason": "replica_of_primary",
        "s3_key_rotation": unknown("rotation_not_read"),
    }
    world.bucket(
        account,
        "us-east-1",
        "payments-replica-of-unscanned",
        SSE_KMS
        | NO_POLICY
        | reference(replica.arn, BY_KEY_ARN, SAME_ACCOUNT, replica.arn, account, ROTATING)
        | not_known,
        default=rule("aws:kms", replica.arn),
        fallback={"kms_key_rotation": "enabled", "s3_key_rotation": passes("rotation_enabled")},
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
        }
        | JUDGED_AT_PRIMARY
        | expect,
        READS_CANNOT,
        fallback=fallback,
    )
