#!/usr/bin/env python3
"""Calls every operation of the simulator with boto3 and holds the answers against its state.

    conformance.py ENDPOINT STATE.json

STATE.json is `World::to_json()` from before the first call. Prints one line an operation; the first
disagreement ends the script with a message and exit code 1. Credentials come from the environment.
boto3 is somebody else's reading of the same service models, which is why it judges here.
"""

import datetime
import fnmatch
import json
import socket
import sys
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, STATE = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))
CALLER = STATE["caller"]["account"]
SEEN = {}


class Disagreement(Exception):
    """The simulator and its state say different things."""


def agree(operation, subject, answered, expected):
    if answered != expected:
        raise Disagreement(f"{operation} {subject}:\n  answered {answered!r}\n  expected {expected!r}")
    SEEN[operation] = SEEN.get(operation, 0) + 1


def client(service, region, session=None, **config):
    settings = Config(retries={"total_max_attempts": 1}, **config)
    credentials = session or {}
    return boto3.client(service, region_name=region, endpoint_url=ENDPOINT, config=settings, **credentials)


def code_of(call, **parameters):
    """The error's code, or the answer."""
    try:
        return call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"].get("Message", "")


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def maybe(text):
    return instant(text) if text else None


# --- what the state says of access -----------------------------------------------------------------

MANAGEMENT = STATE["organization"]["management_account"]


def covers(patterns, action):
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def denied(account, region, action, resource):
    """Whether the account's policies refuse the action."""
    for denial in STATE["accounts"][account]["denials"]:
        above = denial["by"] in ("scp", "rcp") and account == MANAGEMENT
        here = denial["region"] in (None, region) and denial["resource"] in (None, resource)
        if not above and here and covers(denial["actions"], action) and not covers(denial["exempt"], action):
            return True
    return False


def usable(state):
    return state["opt_status"] in ("ENABLED", "ENABLED_BY_DEFAULT", "DISABLING")


# --- organization ------------------------------------------------------------------------------------


def check_organization():
    organizations = client("organizations", "us-east-1")
    organization = organizations.describe_organization()["Organization"]
    agree("organizations:DescribeOrganization", "id", organization["Id"], STATE["organization"]["id"])
    agree("organizations:DescribeOrganization", "top", organization["MasterAccountId"], MANAGEMENT)
    pages = organizations.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 5})
    accounts = {account["Id"]: account for page in pages for account in page["Accounts"]}
    agree("organizations:ListAccounts", "ids", sorted(accounts), sorted(STATE["accounts"]))
    units = {unit["id"]: unit for unit in STATE["organization"]["units"]}
    for account_id, account in STATE["accounts"].items():
        answer = accounts[account_id]
        path, parent = [], account["parent"]
        while parent in units:
            path.insert(0, parent)
            parent = units[parent]["parent"]
        whole = "/".join([STATE["organization"]["id"], parent, *path, account_id]) + "/"
        answered = (answer["Name"], answer["State"], answer["Email"], answer["JoinedTimestamp"], answer["Paths"])
        expected = (
            account["name"],
            account["state"],
            account["email"],
            instant(account["joined_at"]),
            [whole],
        )
        agree("organizations:ListAccounts", account_id, answered, expected)
        parents = organizations.list_parents(ChildId=account_id)["Parents"]
        agree("organizations:ListParents", account_id, parents[0]["Id"], account["parent"])
    roots = organizations.list_roots()["Roots"]
    agree("organizations:ListRoots", "root", roots[0]["Id"], STATE["organization"]["root"])
    for parent in [roots[0]["Id"], *units]:
        units_of = organizations.get_paginator("list_organizational_units_for_parent")
        pages = units_of.paginate(ParentId=parent, PaginationConfig={"PageSize": 2})
        names = sorted(unit["Name"] for page in pages for unit in page["OrganizationalUnits"])
        expected = sorted(unit["name"] for unit in units.values() if unit["parent"] == parent)
        agree("organizations:ListOrganizationalUnitsForParent", parent, names, expected)
    code = code_of(organizations.list_organizational_units_for_parent, ParentId="ou-none-00000000")[0]
    agree("organizations:ListOrganizationalUnitsForParent", "no parent", code, "ParentNotFoundException")


# --- sessions ----------------------------------------------------------------------------------------


def sessions():
    """Credentials for every account that lets itself be assumed, and the caller's own."""
    sts = client("sts", "eu-west-1")
    identity = sts.get_caller_identity()
    answered = (identity["Account"], identity["Arn"])
    agree("sts:GetCallerIdentity", "caller", answered, (CALLER, STATE["caller"]["arn"]))
    opened = {CALLER: None}
    for account_id, account in STATE["accounts"].items():
        role = account["roles"].get(STATE["role_name"])
        arn = f"arn:{STATE['partition']}:iam::{account_id}:role/{STATE['role_name']}"
        open_to_us = role and role["trusts_callers"] and account["state"] == "ACTIVE"
        asked = {"RoleArn": arn, "RoleSessionName": "conformance"}
        if role and role["external_id"]:
            agree("sts:AssumeRole", arn, code_of(sts.assume_role, **asked)[0], "AccessDenied")
            asked["ExternalId"] = role["external_id"]
        answer = code_of(sts.assume_role, **asked)
        if not open_to_us:
            agree("sts:AssumeRole", arn, answer[0], "AccessDenied")
            continue
        given = answer["Credentials"]
        opened[account_id] = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        session = client("sts", "eu-west-1", opened[account_id]).get_caller_identity()
        agree("sts:AssumeRole", arn, session["Account"], account_id)
    return opened


def check_regions(account_id, session):
    account = client("account", "us-east-1", session)
    pages = account.get_paginator("list_regions").paginate(PaginationConfig={"PageSize": 2})
    answered = {region["RegionName"]: region["RegionOptStatus"] for page in pages for region in page["Regions"]}
    expected = {name: state["opt_status"] for name, state in STATE["accounts"][account_id]["regions"].items()}
    agree("account:ListRegions", account_id, answered, expected)


# --- KMS ---------------------------------------------------------------------------------------------


def check_keys(account_id, session):
    for region, state in STATE["accounts"][account_id]["regions"].items():
        kms = client("kms", region, session)
        if not usable(state):
            agree("kms:ListKeys", region, code_of(kms.list_keys)[0], "UnrecognizedClientException")
            continue
        pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 3})
        ids = sorted(key["KeyId"] for page in pages for key in page["Keys"])
        agree("kms:ListKeys", region, ids, sorted(state["keys"]))
        pages = kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 3})
        aliases = {alias["AliasName"]: alias.get("TargetKeyId") for page in pages for alias in page["Aliases"]}
        expected = {name: alias["target"] for name, alias in state["aliases"].items()}
        agree("kms:ListAliases", region, aliases, expected)
        for key in state["keys"].values():
            check_key(kms, key)
        for name, alias in state["aliases"].items():
            if alias["target"] and state["keys"][alias["target"]]["admits_account"]:
                described = kms.describe_key(KeyId=name)["KeyMetadata"]
                agree("kms:DescribeKey", name, described["KeyId"], alias["target"])
        missing = code_of(kms.describe_key, KeyId="00000000-0000-4000-8000-000000000000")[0]
        agree("kms:DescribeKey", "no key", missing, "NotFoundException")


def check_key(kms, key):
    key_id = key["id"]
    if not key["admits_account"]:
        for name in ("describe_key", "get_key_rotation_status", "list_key_rotations", "get_key_policy"):
            code, message = code_of(getattr(kms, name), KeyId=key_id)
            agree("kms:DescribeKey", f"{key_id} barred", code, "AccessDeniedException")
            agree("kms:DescribeKey", f"{key_id} barred", "no resource-based policy allows" in message, True)
        return
    answer = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    fields = ("KeyManager", "Origin", "KeySpec", "KeyUsage", "KeyState")
    words = [key["manager"], key["origin"], key["spec"], key["usage"], key["state"]]
    agree("kms:DescribeKey", key_id, [answer[field] for field in fields], words)
    dates = [answer["CreationDate"], answer.get("DeletionDate"), answer.get("ValidTo")]
    agree("kms:DescribeKey", key_id, dates, [maybe(key[n]) for n in ("created_at", "deletion_at", "valid_to")])
    agree("kms:DescribeKey", key_id, answer.get("CustomKeyStoreId"), key["custom_key_store_id"])
    part, expected = answer.get("MultiRegionConfiguration"), key["multi_region"]
    if expected:
        role = "PRIMARY" if expected["primary"] == key["region"] else "REPLICA"
        agree("kms:DescribeKey", key_id, part["MultiRegionKeyType"], role)
        replicas = [replica["Region"] for replica in part["ReplicaKeys"]]
        agree("kms:DescribeKey", key_id, replicas, expected["replicas"])
    agree("kms:GetKeyPolicy", key_id, kms.get_key_policy(KeyId=key_id)["Policy"], key["policy"])
    check_rotation(kms, key)


def check_rotation(kms, key):
    key_id, rotation = key["id"], key["rotation"]
    answer = code_of(kms.get_key_rotation_status, KeyId=key_id)
    if key["origin"] != "AWS_KMS" or key["spec"] != "SYMMETRIC_DEFAULT":
        agree("kms:GetKeyRotationStatus", key_id, answer[0], "UnsupportedOperationException")
    else:
        enabled = rotation["enabled"] and not key["state"].startswith("Pending")
        answered = [answer["KeyRotationEnabled"], answer.get("RotationPeriodInDays"), answer.get("NextRotationDate")]
        expected = [enabled, rotation["period_days"] if enabled else None]
        expected.append(maybe(rotation["next_at"]) if enabled else None)
        agree("kms:GetKeyRotationStatus", key_id, answered, expected)
        under_way = answer.get("OnDemandRotationStartDate")
        agree("kms:GetKeyRotationStatus", key_id, under_way, maybe(rotation["on_demand_started_at"]))
    if key["origin"] not in ("AWS_KMS", "EXTERNAL") or key["spec"] != "SYMMETRIC_DEFAULT":
        code = code_of(kms.list_key_rotations, KeyId=key_id)[0]
        agree("kms:ListKeyRotations", key_id, code, "UnsupportedOperationException")
        return
    pages = kms.get_paginator("list_key_rotations").paginate(KeyId=key_id, PaginationConfig={"PageSize": 2})
    answered = [(row["RotationDate"], row["RotationType"]) for page in pages for row in page["Rotations"]]
    expected = [(instant(row["at"]), row["kind"]) for row in key["history"]]
    agree("kms:ListKeyRotations", key_id, answered, expected)


# --- S3 ----------------------------------------------------------------------------------------------


def check_buckets(account_id, session):
    buckets = STATE["accounts"][account_id]["buckets"]
    regions = STATE["accounts"][account_id]["regions"]
    home = next(name for name, state in regions.items() if usable(state))
    clients = {}
    for region in regions:
        for style in ("path", "virtual"):
            clients[region, style] = client("s3", region, session, s3={"addressing_style": style})
    pages = clients[home, "path"].get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 7})
    answered = {b["Name"]: (b["BucketRegion"], b["CreationDate"]) for page in pages for b in page["Buckets"]}
    expected = {name: (b["region"], instant(b["created_at"])) for name, b in buckets.items()}
    agree("s3:ListBuckets", account_id, answered, expected)
    bare = clients[home, "path"].list_buckets()["Buckets"]
    agree("s3:ListBuckets", "without parameters", "BucketRegion" in bare[0] if bare else False, False)
    for index, bucket in enumerate(buckets.values()):
        style = "virtual" if index % 2 else "path"
        check_bucket(clients[bucket["region"], style], account_id, bucket)
    for name, bucket in list(buckets.items())[:3]:
        elsewhere = next(region for region, state in regions.items() if usable(state) and region != bucket["region"])
        check_redirect(clients[elsewhere, "path"], name, bucket)


READS = {
    "get_bucket_location": "s3:GetBucketLocation",
    "get_bucket_encryption": "s3:GetEncryptionConfiguration",
    "get_bucket_policy": "s3:GetBucketPolicy",
    "head_bucket": "s3:ListBucket",
    "list_objects_v2": "s3:ListBucket",
}


def operation_of(name):
    return "s3:" + "".join(word.capitalize() for word in name.split("_"))


def check_bucket(s3, account_id, bucket):
    name, answers = bucket["name"], {}
    for method, action in READS.items():
        answer = code_of(getattr(s3, method), Bucket=name, ExpectedBucketOwner=account_id)
        head = method == "head_bucket"
        if bucket["vanished"]:
            agree(operation_of(method), name, answer[0], "404" if head else "NoSuchBucket")
        elif covers(bucket["denied_actions"], action) or denied(account_id, bucket["region"], action, name):
            agree(operation_of(method), name, answer[0], "403" if head else "AccessDenied")
        else:
            answers[method] = answer
    if "get_bucket_location" in answers:
        region = answers["get_bucket_location"]["LocationConstraint"] or "us-east-1"
        agree("s3:GetBucketLocation", name, region, bucket["region"])
    if "head_bucket" in answers:
        agree("s3:HeadBucket", name, answers["head_bucket"]["BucketRegion"], bucket["region"])
    if "list_objects_v2" in answers:
        agree("s3:ListObjectsV2", name, answers["list_objects_v2"]["KeyCount"], len(bucket["objects"]))
    if "get_bucket_encryption" in answers:
        agree("s3:GetBucketEncryption", name, rules_of(answers["get_bucket_encryption"]), expected_rules(bucket))
        wrong = code_of(s3.get_bucket_encryption, Bucket=name, ExpectedBucketOwner="999999999999")
        agree("s3:GetBucketEncryption", f"{name} of another owner", wrong[0], "AccessDenied")
    if "get_bucket_policy" in answers:
        answer = answers["get_bucket_policy"]
        policy = answer["Policy"] if isinstance(answer, dict) else answer[0]
        agree("s3:GetBucketPolicy", name, policy, bucket["policy"] or "NoSuchBucketPolicy")


def rules_of(answer):
    if not isinstance(answer, dict):
        return answer[0]
    rules = []
    for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        blocked = rule.get("BlockedEncryptionTypes", {}).get("EncryptionType")
        key = default.get("KMSMasterKeyID")
        rules.append((default.get("SSEAlgorithm"), key, rule.get("BucketKeyEnabled"), blocked))
    return rules


def expected_rules(bucket):
    if bucket["encryption"] is None:
        return "ServerSideEncryptionConfigurationNotFoundError"
    rules = []
    for rule in bucket["encryption"]["rules"]:
        default = rule["default"] or {"algorithm": None, "key": None}
        rules.append((default["algorithm"], default["key"], rule["bucket_key"], rule["blocked"]))
    return rules


def check_redirect(s3, name, bucket):
    """The 301 as it is sent: boto3's own follower is told to stand aside."""
    if bucket["vanished"]:
        return
    seen = []
    s3.meta.events.register_first("needs-retry.s3", lambda response, **_: seen.append(response))
    code_of(s3.get_bucket_encryption, Bucket=name)
    answer = seen[0][1]
    where = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
    agree("s3:GetBucketEncryption", f"{name} from elsewhere", answer["Error"]["Code"], "PermanentRedirect")
    agree("s3:GetBucketEncryption", f"{name} from elsewhere", where, bucket["region"])


def check_objects():
    """Objects come and go in a bucket of the caller's own; nothing is left behind."""
    buckets = STATE["accounts"][CALLER]["buckets"].values()
    bucket = next(b for b in buckets if not b["vanished"] and not b["denied_actions"])
    name, before = bucket["name"], len(bucket["objects"])
    for style in ("path", "virtual"):
        s3 = client("s3", bucket["region"], s3={"addressing_style": style})
        keys = [f"conformance/{style}/{part}" for part in ("a b+c.txt", "é&<x>.txt", "deep/1", "deep/2", "z")]
        for key in keys:
            body = key.encode() * 100
            s3.put_object(Bucket=name, Key=key, Body=body, IfNoneMatch="*", Metadata={"made-by": "conformance"})
            taken = code_of(s3.put_object, Bucket=name, Key=key, Body=b"other", IfNoneMatch="*")
            agree("s3:PutObject", f"{key} again", taken[0], "PreconditionFailed")
            answer = s3.get_object(Bucket=name, Key=key)
            agree("s3:GetObject", key, answer["Body"].read(), body)
            agree("s3:GetObject", key, answer["Metadata"], {"made-by": "conformance"})
            part = s3.get_object(Bucket=name, Key=key, Range="bytes=5-9")
            agree("s3:GetObject", f"{key} in part", part["Body"].read(), body[5:10])
            head = s3.head_object(Bucket=name, Key=key)
            agree("s3:HeadObject", key, (head["ContentLength"], head["ETag"]), (len(body), answer["ETag"]))
        wrong = code_of(s3.put_object, Bucket=name, Key=keys[0], Body=b"x", IfMatch='"0"')
        agree("s3:PutObject", "with a wrong ETag", wrong[0], "PreconditionFailed")
        right = s3.head_object(Bucket=name, Key=keys[0])["ETag"]
        s3.put_object(Bucket=name, Key=keys[0], Body=b"new", IfMatch=right)
        agree("s3:PutObject", "with the right ETag", s3.get_object(Bucket=name, Key=keys[0])["Body"].read(), b"new")
        prefix = f"conformance/{style}/"
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=name, Prefix=prefix, PaginationConfig={"PageSize": 2})
        listed = [row["Key"] for page in pages for row in page.get("Contents", [])]
        agree("s3:ListObjectsV2", prefix, listed, sorted(keys, key=str.encode))
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=name, Prefix=prefix, Delimiter="/")
        common = [row["Prefix"] for page in pages for row in page.get("CommonPrefixes", [])]
        agree("s3:ListObjectsV2", f"{prefix} by delimiter", common, [f"{prefix}deep/"])
        for key in keys:
            s3.delete_object(Bucket=name, Key=key)
            gone = code_of(s3.get_object, Bucket=name, Key=key)
            agree("s3:DeleteObject", key, gone[0], "NoSuchKey")
            agree("s3:HeadObject", f"{key} gone", code_of(s3.head_object, Bucket=name, Key=key)[0], "404")
        agree("s3:ListObjectsV2", name, s3.list_objects_v2(Bucket=name)["KeyCount"], before)


# --- the rest ----------------------------------------------------------------------------------------


def check_strangers():
    """Nobody's credentials, and operations that are not there."""
    nobody = {"aws_access_key_id": "AKIANOBODYNOBODYNOBO", "aws_secret_access_key": "x"}
    for service, method, code in [
        ("s3", "list_buckets", "InvalidAccessKeyId"),
        ("kms", "list_keys", "UnrecognizedClientException"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("organizations", "list_accounts", "UnrecognizedClientException"),
        ("account", "list_regions", "UnrecognizedClientException"),
    ]:
        answer = code_of(getattr(client(service, "us-east-1", nobody), method))
        agree("strangers", service, answer[0], code)
    for service, method, parameters, code in [
        ("s3", "get_bucket_acl", {"Bucket": "any"}, "NotImplemented"),
        ("kms", "list_grants", {"KeyId": "any"}, "UnknownOperationException"),
        ("sts", "get_session_token", {}, "InvalidAction"),
        ("organizations", "list_policies", {"Filter": "TAG_POLICY"}, "UnknownOperationException"),
        ("account", "get_contact_information", {}, "UnknownOperationException"),
    ]:
        answer = code_of(getattr(client(service, "us-east-1"), method), **parameters)
        agree("unknown operations", service, answer[0], code)


def lead_names_to_loopback():
    """`bucket.localhost` is the loopback by RFC 6761, and not every resolver knows it."""
    resolve = socket.getaddrinfo

    def local(host, *rest, **named):
        name = "127.0.0.1" if isinstance(host, str) and host.endswith("localhost") else host
        return resolve(name, *rest, **named)

    socket.getaddrinfo = local


def main():
    global ENDPOINT
    parts = urlsplit(ENDPOINT)
    # Only a name can carry a bucket before it.
    if parts.hostname == "127.0.0.1":
        ENDPOINT = f"{parts.scheme}://localhost:{parts.port}"
    lead_names_to_loopback()
    check_organization()
    for account_id, session in sessions().items():
        check_regions(account_id, session)
        check_keys(account_id, session)
        check_buckets(account_id, session)
    check_objects()
    check_strangers()
    for operation, count in sorted(SEEN.items()):
        print(f"ok {operation} ({count} agreements)")


if __name__ == "__main__":
    try:
        main()
    except Disagreement as difference:
        sys.exit(f"the simulator and its state disagree: {difference}")
