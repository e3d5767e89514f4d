"""Bucket policies: by what they do to plain HTTP, to uploads with SSE-C, and for deliveries of logs."""

from expected import (
    ANY_SERVICE,
    BY_KEY_ARN,
    NO_POLICY,
    NOT_CONFIGURED,
    READS_ROTATING,
    ROTATES,
    ROTATING,
    SAME_ACCOUNT,
    SSE_KMS,
    SSE_S3,
    SYMMETRIC,
    TLS_ENFORCED,
    TLS_IN_PART,
    TLS_NOT_ENFORCED,
    TLS_UNDECIDED,
    deny,
    plain_key,
    policy,
    reference,
    rule,
    turn_on_rotation,
)
from moto_world import World
from truth import sha256
from verdicts import fails, not_applicable, passes, unknown

REGION = "eu-west-1"

# The account of AWS that delivers load balancers' logs there, as in all Regions before August 2022.
LOAD_BALANCERS_OF_IRELAND = "156460612806"

SSE_C_HEADER = "s3:x-amz-server-side-encryption-customer-algorithm"


def seed_archive(world: World, account: str) -> None:
    """The account of the archive: a bucket for every kind of bucket policy, and one with a key."""
    seed_tls_policies(world, account)
    seed_odd_policies(world, account)
    seed_sse_c_policies(world, account)
    seed_log_buckets(world, account)
    seed_own_key(world, account)


def bucket(world: World, account: str, name: str, expect: dict, *statements: dict) -> None:
    """A bucket under SSE-S3, with a policy."""
    world.bucket(
        account,
        REGION,
        name,
        SSE_S3 | NO_POLICY | expect,
        default=rule("AES256"),
        policy=policy(*statements),
    )


def seed_tls_policies(world: World, account: str) -> None:
    """Bucket policies, by what they do to plain HTTP."""
    role = {"AWS": f"arn:aws:iam::{account}:role/writer"}
    one_network = {"Bool": {"aws:SecureTransport": "false"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}

    name = "archive-tls-enforced"
    bucket(world, account, name, TLS_ENFORCED, deny("TlsOnly – «strict»", name, ["", "/*"]))
    name = "archive-tls-json-false"
    bucket(world, account, name, TLS_ENFORCED, deny("TlsOnly", name, ["", "/*"], secure=False))
    name = "archive-tls-two-statements"
    bucket(world, account, name, TLS_ENFORCED, deny("Bucket", name, [""]), deny("Objects", name, ["/*"]))
    # One pattern has the bucket and its objects.
    name = "archive-tls-one-pattern"
    bucket(world, account, name, TLS_ENFORCED, deny("TlsOnly", name, ["*"]))
    name = "archive-tls-objects-only"
    bucket(world, account, name, TLS_IN_PART, deny("Objects", name, ["/*"]))
    name = "archive-tls-one-role"
    bucket(world, account, name, TLS_IN_PART, deny("Role", name, ["", "/*"], Principal=role))
    name = "archive-tls-one-network"
    bucket(world, account, name, TLS_IN_PART, deny("Network", name, ["", "/*"], Condition=one_network))
    name = "archive-tls-downloads-only"
    bucket(world, account, name, TLS_IN_PART, deny("Get", name, ["/*"], Action="s3:GetObject"))
    name = "archive-tls-but-for-one-role"
    but_for = {"Bool": {"aws:SecureTransport": "false"}, "ArnNotEquals": {"aws:PrincipalArn": role["AWS"]}}
    bucket(world, account, name, TLS_IN_PART, deny("ButFor", name, ["", "/*"], Condition=but_for))
    # A Deny of TLS, the usual slip of the pen, and an Allow on TLS: neither refuses plain HTTP.
    name = "archive-tls-inverted"
    bucket(
        world,
        account,
        name,
        # S3 takes SSE-C over TLS only, and this refuses all TLS: no upload with SSE-C is left.
        TLS_NOT_ENFORCED | {"s3_sse_c_blocked": passes("blocked_by_policy")},
        deny("Inverted", name, ["", "/*"], secure="true"),
    )
    name = "archive-tls-allow"
    bucket(
        world,
        account,
        name,
        TLS_NOT_ENFORCED,
        deny("Allow", name, ["", "/*"], secure="true", Effect="Allow", Principal=role),
    )


def seed_odd_policies(world: World, account: str) -> None:
    """Policies that AWS would not take today, and moto keeps: one with an operator to come, and no policy."""
    name = "archive-policy-of-tomorrow"
    bucket(
        world,
        account,
        name,
        TLS_UNDECIDED | {"s3_sse_c_blocked": unknown("policy_undecided")},
        deny("Tomorrow", name, ["", "/*"], Condition={"BoolMaybe": {"aws:SecureTransport": "false"}}),
    )
    world.bucket(
        account,
        REGION,
        "archive-policy-of-no-statement",
        SSE_S3
        | {
            "tls_only": "unknown",
            "s3_tls_only": unknown("policy_not_understood"),
            "s3_sse_c_blocked": unknown("policy_not_understood"),
            "s3_policy_service_confused_deputy": unknown("policy_not_understood"),
        },
        default=rule("AES256"),
        policy='{"Version": "2012-10-17", "Statement": "none"}',
    )


def seed_sse_c_policies(world: World, account: str) -> None:
    """Bucket policies that refuse uploads with keys of the client's own."""
    named = {"Null": {SSE_C_HEADER: "false"}}
    name = "archive-sse-c-refused"
    bucket(
        world,
        account,
        name,
        # Uploads over plain HTTP are among those that it refuses, but not for being such.
        TLS_NOT_ENFORCED | {"s3_sse_c_blocked": passes("blocked_by_policy")},
        deny("NoSseC", name, ["/*"], Action="s3:PutObject", Condition=named),
    )
    name = "archive-sse-c-refused-in-part"
    bucket(
        world,
        account,
        name,
        TLS_ENFORCED | {"s3_sse_c_blocked": unknown("sse_c_block_not_reported")},
        deny("TlsOnly", name, ["", "/*"]),
        deny("NoSseC", name, ["/secret/*"], Action="s3:PutObject", Condition=named),
    )
    # Uploads must name an encryption, and those with SSE-C name none of the two that S3 knows.
    name = "archive-sse-c-refused-with-all-others"
    unnamed = {"Null": {"s3:x-amz-server-side-encryption": "true"}}
    bucket(
        world,
        account,
        name,
        TLS_ENFORCED | {"s3_sse_c_blocked": passes("blocked_by_policy")},
        deny("TlsOnly", name, ["", "/*"]),
        deny("Named", name, ["/*"], Action="s3:PutObject", Condition=unnamed),
    )


def seed_log_buckets(world: World, account: str) -> None:
    """Buckets that services deliver their logs to: some of these take SSE-S3 and nothing else."""

    def allow(principal: dict, name: str) -> dict:
        return {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{name}/logs/*",
        }

    # The standard lists none of them, and anybody who may write a policy could spare a bucket by it.
    perhaps = {"s3_encryption_standard": fails("perhaps_service_destination")}
    name = "archive-server-access-logs"
    service = {"Service": "logging.s3.amazonaws.com"}
    bucket(world, account, name, TLS_NOT_ENFORCED | ANY_SERVICE | perhaps, allow(service, name))
    # With the Deny that every bucket ought to have: deliveries come over TLS.
    name = "archive-load-balancer-logs"
    service = {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    bucket(
        world,
        account,
        name,
        TLS_ENFORCED | ANY_SERVICE | perhaps,
        allow(service, name),
        deny("TlsOnly", name, ["", "/*"]),
    )
    name = "archive-load-balancer-logs-of-old"
    service = {"AWS": f"arn:aws:iam::{LOAD_BALANCERS_OF_IRELAND}:root"}
    bucket(world, account, name, TLS_NOT_ENFORCED | perhaps, allow(service, name))
    # That may be so of one with SSE-S3, and not of one that has nothing.
    name = "archive-server-access-logs-by-no-default"
    service = {"Service": "logging.s3.amazonaws.com"}
    world.bucket(
        account,
        REGION,
        name,
        NOT_CONFIGURED | NO_POLICY | TLS_NOT_ENFORCED | ANY_SERVICE,
        policy=policy(allow(service, name)),
    )
    # CloudTrail takes SSE-KMS.
    name = "archive-trail-logs"
    service = {"Service": "cloudtrail.amazonaws.com"}
    bucket(world, account, name, TLS_NOT_ENFORCED | ANY_SERVICE, allow(service, name))


def seed_own_key(world: World, account: str) -> None:
    """A key whose policy is spaced unlike any canonical form, and a bucket that it serves."""
    key_policy = '{ "Version" : "2012-10-17",\n  "Statement" : [] }\n'
    key = plain_key(world, account, REGION, (), Policy=key_policy)
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
        REGION,
        "archive-own-key",
        SSE_KMS | NO_POLICY | reference(key.arn, BY_KEY_ARN, SAME_ACCOUNT, key.arn, account, ROTATING),
        default=rule("aws:kms", key.arn),
    )
