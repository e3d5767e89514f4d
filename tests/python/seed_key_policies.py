"""Key policies, by whom they let in: anyone, named accounts, an organization."""

import json

from expected import READS_STILL, SYMMETRIC, plain_key
from moto_world import World
from seed_payments import OUTSIDE_ACCOUNT
from truth import sha256
from verdicts import fails, passes, unknown

REGION = "us-east-1"

ANYONE = {
    "kms_policy_public": fails("policy_admits_anyone"),
    "kms_policy_outside_org": fails("policy_admits_anyone"),
    # Anyone is any service too.
    "kms_policy_service_confused_deputy": fails("everyone_and_services_admitted"),
}
NAMED_WITHIN = {
    "kms_policy_public": passes("policy_admits_named_only"),
    "kms_policy_outside_org": passes("policy_admits_organization_only"),
}
ANY_SERVICE = NAMED_WITHIN | {"kms_policy_service_confused_deputy": fails("service_for_any_account")}
BOUND_SERVICE = NAMED_WITHIN | {
    "kms_policy_service_confused_deputy": passes("services_bound_to_organization")
}
OUTSIDER = {
    "kms_policy_public": passes("policy_admits_named_only"),
    "kms_policy_outside_org": fails("policy_admits_outside_account"),
}
OTHER_ORGANIZATION = {
    "kms_policy_public": passes("policy_admits_named_only"),
    "kms_policy_outside_org": fails("policy_admits_other_organization"),
}
NOT_UNDERSTOOD = {
    "kms_policy_public": unknown("policy_not_understood"),
    "kms_policy_outside_org": unknown("policy_not_understood"),
    "kms_policy_service_confused_deputy": unknown("policy_not_understood"),
}


def seed_key_policies(world: World, account: str, other_member: str) -> None:
    """A key for each kind of policy; all of them let in the account itself, as KMS demands."""
    own = allow({"AWS": f"arn:aws:iam::{account}:root"}, "kms:*")
    use = ["kms:Decrypt", "kms:GenerateDataKey"]
    public = {"AWS": "*"}

    def key(expect: dict, *statements: dict) -> None:
        text = json.dumps({"Version": "2012-10-17", "Statement": [own, *statements]})
        seed_key(world, account, text, expect)

    key(ANYONE, allow(public, use))
    key(ANYONE, allow("*", use))
    # Which service it is used through says nothing of whose account that is.
    via_s3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    key(ANYONE, allow(public, use, via_s3))
    # The form of the policies of AWS's own keys.
    of_caller = {"StringEquals": {"kms:CallerAccount": account, **via_s3["StringEquals"]}}
    key(NAMED_WITHIN, allow(public, use, of_caller))
    key(NAMED_WITHIN, allow(public, use, {"StringEquals": {"aws:PrincipalOrgID": world.org_id}}))
    # Wide open, and shut to all others by a Deny.
    others = {"StringNotEquals": {"aws:PrincipalOrgID": world.org_id}}
    key(NAMED_WITHIN, allow(public, use), allow(public, use, others) | {"Effect": "Deny"})
    key(NAMED_WITHIN, allow({"AWS": f"arn:aws:iam::{other_member}:root"}, use))
    logs = {"Service": "logs.us-east-1.amazonaws.com"}
    key(ANY_SERVICE, allow(logs, use))
    key(BOUND_SERVICE, allow(logs, use, {"StringEquals": {"aws:SourceAccount": account}}))
    key(OUTSIDER, allow({"AWS": f"arn:aws:iam::{OUTSIDE_ACCOUNT}:root"}, use))
    key(OUTSIDER, allow({"AWS": OUTSIDE_ACCOUNT}, use))
    key(OUTSIDER, allow({"AWS": f"arn:aws:iam::{OUTSIDE_ACCOUNT}:role/theirs"}, "kms:CreateGrant"))
    key(OUTSIDER, allow(public, use, {"StringEquals": {"kms:CallerAccount": OUTSIDE_ACCOUNT}}))
    # Shut to one of two.
    not_theirs = {"StringEquals": {"aws:PrincipalAccount": OUTSIDE_ACCOUNT}}
    two = {"AWS": [OUTSIDE_ACCOUNT, f"arn:aws:iam::{other_member}:root"]}
    key(NAMED_WITHIN, allow(two, use), allow(public, use, not_theirs) | {"Effect": "Deny"})
    key(OTHER_ORGANIZATION, allow(public, use, {"StringEquals": {"aws:PrincipalOrgID": "o-elsewhere00"}}))
    # KMS kept such statements until August 2025, and they have no effect.
    without_resource = {"Effect": "Allow", "Principal": public, "Action": "kms:*"}
    key(NAMED_WITHIN, without_resource)
    key(ANYONE, allow(public, use), without_resource)
    # A statement for nobody: AWS would not have taken it, and moto keeps what it is given.
    nobody = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    key(NOT_UNDERSTOOD, nobody)


def allow(principal: object, action: object, condition: dict | None = None) -> dict:
    """A statement that lets in."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return statement | ({"Condition": condition} if condition else {})


def seed_key(world: World, account: str, text: str, expect: dict) -> None:
    """A key with a policy, and else a plain one."""
    key = plain_key(world, account, REGION, (), Policy=text)
    told = {"created_at": world.created_at(key), "policy_sha256": sha256(text)}
    world.expect_key(key, SYMMETRIC | told | expect, READS_STILL)
