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

from expected import (
    NOT_CONFIGURED,
    NOTHING_KNOWN,
    READS_ROTATING,
    READS_STILL,
    ROTATES,
    ROTATING,
    SSE_KMS,
    SSE_S3,
    STILL,
    SYMMETRIC,
    deny,
    made,
    plain_key,
    policy,
    reference,
    rule,
    turn_on_rotation,
)
from moto_world import MANAGEMENT_ACCOUNT, Key, World
from seed_multi_region import seed_payments_multi_region
from seed_payments import (
    NO_SUCH_KEY,
    seed_payments_buckets,
    seed_payments_dangling,
    seed_payments_keys,
    seed_payments_left_out,
)
from truth import sha256


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
    world.expect_key(key, SYMMETRIC | made(world, key) | {"aliases": ["alias/analytics"]}, READS_STILL)
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
