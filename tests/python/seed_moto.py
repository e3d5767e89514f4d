"""Seeds an organization in a moto server and writes down what the lake must say of it.

    seed_moto.py ENDPOINT [TRUTH.json]

Every resource stands beside the row and the verdicts that it must give, written out by hand from the
contract and from AWS's semantics. Where moto differs from AWS, the row says what moto gives and
`deviates` says what AWS would. The truth has two scenarios: `named` (the scan names three Regions; what
lies elsewhere is left out) and `fallback` (no `--region`: moto has no ListRegions, so the default set
and the Regions of listed buckets are scanned, and every account is partial).
"""

import json
import sys

from expected import (
    BARRED,
    BUCKET_KEY,
    BY_ALIAS_ARN,
    BY_ALIAS_NAME,
    BY_KEY_ARN,
    ELSEWHERE,
    MISSING,
    NOTHING_KNOWN,
    NOT_CONFIGURED,
    NO_POLICY,
    READS_ROTATING,
    READS_STILL,
    ROTATES,
    ROTATING,
    SAME_ACCOUNT,
    SAME_ORG,
    SSE_KMS,
    SSE_S3,
    STILL,
    SYMMETRIC,
    TLS_ENFORCED,
    deny,
    made,
    plain_key,
    policy,
    reference,
    rule,
    turn_on_rotation,
)
from moto_world import MANAGEMENT_ACCOUNT, Key, World
from seed_archive import seed_archive
from seed_key_policies import seed_key_policies
from seed_multi_region import seed_payments_multi_region
from seed_payments import (
    NO_SUCH_KEY,
    seed_payments_buckets,
    seed_payments_dangling,
    seed_payments_keys,
    seed_payments_left_out,
)
from verdicts import fails


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
    central = seed_management(world, analytics)
    home = seed_payments_keys(world, payments)
    seed_payments_buckets(world, payments, home)
    seed_payments_dangling(world, payments, home, closed_key)
    seed_payments_multi_region(world, payments)
    seed_payments_left_out(world, payments, home)
    seed_quaint(world, quaint, home)
    seed_analytics(world, analytics, home, central)
    seed_archive(world, archive)
    seed_keys_only(world, keys_only)
    seed_key_policies(world, keys_only, payments)
    note_deviations(world)


def seed_closed(world: World, account_id: str) -> Key:
    """A suspended account: listed, not scanned; its bucket and its key have no rows."""
    key = plain_key(world, account_id, "us-east-1", ("alias/closed",))
    world.client("s3", "us-east-1", account_id).create_bucket(Bucket="closed-long-ago-bucket")
    world.close(account_id)
    return key


def seed_management(world: World, user: str) -> Key:
    """The caller's own account is scanned like any other. Its key admits one other account."""
    account = MANAGEMENT_ACCOUNT
    own = {"AWS": f"arn:aws:iam::{account}:root"}
    both = {"AWS": [f"arn:aws:iam::{account}:root", f"arn:aws:iam::{user}:root"]}
    use = ["kms:Decrypt", "kms:GenerateDataKey*"]
    text = policy(
        {"Effect": "Allow", "Principal": own, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": both, "Action": use, "Resource": "*"},
    )
    key = plain_key(world, account, "us-east-1", ("alias/central",), Policy=text)
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
        | NO_POLICY
        | TLS_ENFORCED
        | reference("alias/central", BY_ALIAS_NAME, SAME_ACCOUNT, key.arn, account, ROTATING)
        | BUCKET_KEY,
        default=rule("aws:kms", "alias/central", bucket_key=True),
        policy=policy(deny("TlsOnly", name, ["", "/*"])),
    )
    world.bucket(account, "us-east-1", "master-untouched", NOT_CONFIGURED | NO_POLICY)
    return key


def seed_quaint(world: World, account: str, keys: dict[str, Key]) -> None:
    """An account with a name for every escape, the longest bucket name, and another's alias."""
    key = keys["rotating"]
    alias_arn = key.alias_arn("alias/payments/zeta")
    world.bucket(
        account,
        "eu-west-1",
        "quaint-alias-arn-of-payments",
        SSE_KMS
        | NO_POLICY
        | reference(alias_arn, BY_ALIAS_ARN, SAME_ORG, key.arn, key.account_id, ROTATING)
        | BARRED,
        default=rule("aws:kms", alias_arn),
    )
    world.bucket(account, "eu-west-1", "q" * 63, SSE_S3 | NO_POLICY, default=rule("AES256"))


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
        world.bucket(account, region, name, SSE_KMS | NO_POLICY | expect, default=rule("aws:kms", key_ref))

    by_alias = ("alias/analytics", BY_ALIAS_NAME, SAME_ACCOUNT)
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
        reference(home.arn, BY_KEY_ARN, SAME_ORG, home.arn, home.account_id, ROTATING) | ELSEWHERE,
    )
    bucket(
        "us-east-1",
        "analytics-cross-master",
        central.arn,
        reference(central.arn, BY_KEY_ARN, SAME_ORG, central.arn, MANAGEMENT_ACCOUNT, ROTATING),
    )
    # A bare alias means one of the bucket's own account, where this one is not.
    bucket(
        "ap-southeast-2",
        "analytics-bare-alias-of-payments",
        "alias/payments/zeta",
        reference("alias/payments/zeta", BY_ALIAS_NAME, MISSING, None, account, NOTHING_KNOWN),
    )
    dangling = f"arn:aws:kms:eu-west-1:{home.account_id}:key/{NO_SUCH_KEY}"
    bucket(
        "ap-southeast-2",
        "analytics-dangling-at-payments",
        dangling,
        reference(dangling, BY_KEY_ARN, MISSING, dangling, home.account_id, NOTHING_KNOWN),
    )
    # The account-regional namespace.
    world.bucket(
        account,
        "us-east-1",
        f"analytics-{account}-us-east-1-an",
        NOT_CONFIGURED | NO_POLICY,
        BucketNamespace="account-regional",
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
    # Disabled, and the default key of nothing.
    key = plain_key(world, account, "eu-west-1", ())
    world.client("kms", key.region, account).disable_key(KeyId=key.id)
    world.expect_key(
        key,
        SYMMETRIC | made(world, key) | {"key_state": "Disabled", "kms_key_disabled": fails("key_disabled")},
        READS_STILL,
    )


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
