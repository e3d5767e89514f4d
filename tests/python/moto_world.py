"""The mechanics of seeding moto: sessions, creations, and the bookkeeping of what is expected.

`seed_moto.py` says what there is and what must be read of it; this file only carries it out and
adds it up. It never works a value out from another (no key is looked up, no alias resolved): a truth
that did so would repeat the scanner's mistakes.
"""

import json
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

import contract
from truth import any_of, at, at_least, sha256, within_run
from verdicts import Verdict, columns, findings, not_applicable, passes, unknown

MANAGEMENT_ACCOUNT = "123456789012"
ROLE = "atrest-audit"

# `--region` of the scan that names its Regions.
NAMED_REGIONS = ("ap-southeast-2", "eu-west-1", "us-east-1")

# The Regions that AWS enables for every account (Account Management guide, "enable or disable AWS
# Regions"): what a scan falls back on where ListRegions cannot be had, as in moto.
DEFAULT_REGIONS = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)

# `named`: with `--region`; `fallback`: without, where ListRegions is a 404 page.
SCENARIOS = ("named", "fallback")


@dataclass
class Expected:
    """One row of a table, in each scenario that has it, and the findings of what it is about."""

    rows: dict[str, dict[str, Any]]
    findings: dict[str, list[dict[str, Any]]]
    # Reads beside those that a row's `…_read` columns tell of: (operation, outcome).
    reads: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def expectation(
    type: str, arn: str, told: dict[str, dict[str, Any]], reads: dict[str, list[tuple[str, str]]]
) -> Expected:
    """A resource's row and its findings, from what is told of it in each scenario."""
    rows = {scenario: columns(each) for scenario, each in told.items()}
    judged = {scenario: findings(type, arn, rows[scenario], each) for scenario, each in told.items()}
    return Expected(rows, judged, reads)


@dataclass
class Account:
    """An account of the organization."""

    id: str
    arn: str
    row: dict[str, Any]
    # What `account_scanned` says, by scenario.
    scanned: dict[str, Verdict]
    # Regions outside the default set that its buckets lie in.
    further_regions: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        return self.row["state"] == "ACTIVE"

    def regions(self, scenario: str) -> tuple[str, ...]:
        if scenario == "named":
            return NAMED_REGIONS
        return tuple(sorted(DEFAULT_REGIONS + self.further_regions))


@dataclass(frozen=True)
class Key:
    """A key that was created: what others need to name it."""

    account_id: str
    region: str
    id: str
    arn: str

    def alias_arn(self, alias: str) -> str:
        return f"arn:aws:kms:{self.region}:{self.account_id}:{alias}"


class World:
    """An emptied moto server, and the truth about what is put into it."""

    def __init__(self, endpoint: str, random_seed: int = 20261121):
        self.endpoint = endpoint.rstrip("/")
        self.accounts: dict[str, Account] = {}
        self.buckets: list[Expected] = []
        self.keys: list[Expected] = []
        self.deviations: list[dict[str, Any]] = []
        self._sessions: dict[str, dict[str, str]] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}
        # Ids come from moto's one random source, so equal requests in an equal order repeat them.
        self._post("/moto-api/reset")
        self._post(f"/moto-api/seed?a={random_seed}")

    def _post(self, path: str) -> None:
        request = urllib.request.Request(self.endpoint + path, method="POST")
        urllib.request.urlopen(request, timeout=30).read()

    def client(self, service: str, region: str = "us-east-1", account_id: str = MANAGEMENT_ACCOUNT):
        """A client in an account: the caller's own, or through the member's role."""
        held = (service, region, account_id)
        if held not in self._clients:
            self._clients[held] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
                **self._credentials(account_id),
            )
        return self._clients[held]

    def _credentials(self, account_id: str) -> dict[str, str]:
        if account_id == MANAGEMENT_ACCOUNT:
            # Any credentials that moto did not issue are the management account's.
            return {"aws_access_key_id": "AKIAMANAGEMENT000000", "aws_secret_access_key": "any"}
        if account_id not in self._sessions:
            # CreateAccount makes this role, as it does on AWS.
            issued = self.client("sts").assume_role(
                RoleArn=f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole",
                RoleSessionName="seed",
            )["Credentials"]
            self._sessions[account_id] = {
                "aws_access_key_id": issued["AccessKeyId"],
                "aws_secret_access_key": issued["SecretAccessKey"],
                "aws_session_token": issued["SessionToken"],
            }
        return self._sessions[account_id]

    # Accounts

    def organization(self) -> str:
        """Creates the organization; gives the root's id."""
        client = self.client("organizations")
        self.org_id = client.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        # ListAccounts of moto pages by the joining time, so two accounts must not share one.
        self._last_joined = None
        self._admit(MANAGEMENT_ACCOUNT, further_regions=())
        self.root_id = client.list_roots()["Roots"][0]["Id"]
        return self.root_id

    def unit(self, name: str, parent_id: str) -> str:
        """Creates an organizational unit; gives its id."""
        answer = self.client("organizations").create_organizational_unit(ParentId=parent_id, Name=name)
        return answer["OrganizationalUnit"]["Id"]

    def account(self, name: str, unit_id: str | None = None, further_regions: tuple[str, ...] = ()) -> str:
        """Creates an account in a unit, with the audit role; gives its id."""
        client = self.client("organizations")
        status = client.create_account(AccountName=name, Email=f"account-{len(self.accounts)}@example.com")
        account_id = status["CreateAccountStatus"]["AccountId"]
        if unit_id:
            client.move_account(
                AccountId=account_id, SourceParentId=self.root_id, DestinationParentId=unit_id
            )
        self._create_role(account_id)
        self._admit(account_id, further_regions)
        return account_id

    def _create_role(self, account_id: str) -> None:
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:root"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        self.client("iam", account_id=account_id).create_role(
            RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust)
        )

    def _admit(self, account_id: str, further_regions: tuple[str, ...]) -> None:
        listed = self.client("organizations").describe_account(AccountId=account_id)["Account"]
        if listed["JoinedTimestamp"] == self._last_joined:
            raise RuntimeError("two accounts joined in the same microsecond: moto's paging loses one")
        self._last_joined = listed["JoinedTimestamp"]
        # A missed management account is the worst of all.
        severity = "critical" if account_id == MANAGEMENT_ACCOUNT else None
        self.accounts[account_id] = Account(
            id=account_id,
            arn=f"arn:aws:organizations::{MANAGEMENT_ACCOUNT}:account/{self.org_id}/{account_id}",
            row={
                "org_id": self.org_id,
                "account_id": account_id,
                "account_name": listed["Name"],
                # moto gives no Paths.
                "ou_ids": None,
                "ou_names": None,
                "state": "ACTIVE",
                "joined_at": at(listed["JoinedTimestamp"]),
            },
            scanned={
                # What `--region` leaves out does not count against complete.
                "named": passes("account_complete", severity),
                "fallback": unknown("region_incomplete", severity),
            },
            further_regions=further_regions,
        )

    def close(self, account_id: str) -> None:
        """Closes an account: moto suspends it at once."""
        self.client("organizations").close_account(AccountId=account_id)
        self.accounts[account_id].row["state"] = "SUSPENDED"
        self.accounts[account_id].scanned = dict.fromkeys(SCENARIOS, not_applicable("not_active"))

    # Keys

    def key(self, account_id: str, region: str, *, aliases: tuple[str, ...] = (), **request: Any) -> Key:
        """Creates a key and its aliases; expects nothing yet."""
        client = self.client("kms", region, account_id)
        created = client.create_key(**request)["KeyMetadata"]
        for alias in aliases:
            client.create_alias(AliasName=alias, TargetKeyId=created["KeyId"])
        return Key(account_id, region, created["KeyId"], created["Arn"])

    def replica(self, primary: Key, region: str) -> Key:
        """Replicates a multi-Region key."""
        client = self.client("kms", primary.region, primary.account_id)
        created = client.replicate_key(KeyId=primary.id, ReplicaRegion=region)["ReplicaKeyMetadata"]
        return Key(primary.account_id, region, primary.id, created["Arn"])

    def expect_key(
        self,
        key: Key,
        expect: dict[str, Any],
        reads: list[tuple[str, str]],
        *,
        fallback: dict[str, Any] | None = None,
        named: bool = True,
    ) -> None:
        """Says what must be told of the key; `fallback` is what differs without `--region`."""
        row = {
            "aws_partition": "aws",
            "account_id": key.account_id,
            "region": key.region,
            "key_id": key.id,
            "key_arn": key.arn,
            "aliases_read": "known",
            "observed_at": within_run(),
            **expect,
        }
        told = {"fallback": row | (fallback or {})}
        if named:
            told["named"] = row
        self.keys.append(expectation(contract.KEY, key.arn, told, dict.fromkeys(told, reads)))

    def created_at(self, key: Key) -> Any:
        """When the service says that the key was made."""
        answer = self.client("kms", key.region, key.account_id).list_keys()
        assert any(listed["KeyArn"] == key.arn for listed in answer["Keys"])
        return at(self._describe(key)["CreationDate"])

    def _describe(self, key: Key) -> dict[str, Any]:
        return self.client("kms", key.region, key.account_id).describe_key(KeyId=key.id)["KeyMetadata"]

    def key_policy_sha256(self, key: Key) -> str:
        """The hash of the policy that the service made for a key that was given none."""
        client = self.client("kms", key.region, key.account_id)
        return sha256(client.get_key_policy(KeyId=key.id, PolicyName="default")["Policy"])

    # Buckets

    def bucket(
        self,
        account_id: str,
        region: str,
        name: str,
        expect: dict[str, Any],
        *,
        default: dict[str, Any] | None = None,
        policy: str | None = None,
        fallback: dict[str, Any] | None = None,
        named: dict[str, Any] | None = None,
        **request: Any,
    ) -> None:
        """Creates a bucket and says what must be told of it, and what differs in each scenario."""
        client = self.client("s3", region, account_id)
        if region != "us-east-1":
            request["CreateBucketConfiguration"] = {"LocationConstraint": region}
        client.create_bucket(Bucket=name, **request)
        if default:
            client.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [default]})
        if policy:
            client.put_bucket_policy(Bucket=name, Policy=policy)
        row = {
            "aws_partition": "aws",
            "account_id": account_id,
            "region": region,
            "bucket": name,
            "bucket_arn": f"arn:aws:s3:::{name}",
            "bucket_type": "general_purpose",
            "created_at": at(self._bucket_created_at(client, name)),
            # moto drops BlockedEncryptionTypes.
            "blocked_encryption_types": None,
            "sse_c_blocked": None,
            "policy_read": "known" if policy else "absent",
            "policy_sha256": sha256(policy) if policy else None,
            "observed_at": within_run(),
            **expect,
        }
        told = {"named": row | (named or {}), "fallback": row | (fallback or {})}
        self.buckets.append(expectation(contract.BUCKET, row["bucket_arn"], told, {}))

    @staticmethod
    def _bucket_created_at(client: Any, name: str) -> Any:
        listed = client.list_buckets(Prefix=name)["Buckets"]
        return next(bucket["CreationDate"] for bucket in listed if bucket["Name"] == name)

    def deviates(self, table: str, key: str, column: str, moto: Any, aws: Any) -> None:
        """Notes that a value of the truth is moto's, and what AWS would have."""
        self.deviations.append({"table": table, "key": key, "column": column, "moto": moto, "aws": aws})

    # The truth

    def truth(self) -> dict[str, Any]:
        """All that was expected, by scenario."""
        return {
            "emulator": "moto 5.2.5",
            "organization": {"org_id": self.org_id, "management_account_id": MANAGEMENT_ACCOUNT},
            "role_name": ROLE,
            "named_regions": list(NAMED_REGIONS),
            "deviations": self.deviations,
            "scenarios": {scenario: self._scenario(scenario) for scenario in SCENARIOS},
        }

    def _scenario(self, scenario: str) -> dict[str, Any]:
        buckets = [expected.rows[scenario] for expected in self.buckets]
        keys = [expected.rows[scenario] for expected in self.keys if scenario in expected.rows]
        coverage = self._coverage(scenario)
        accounts = [self._account_row(scenario, account, coverage) for account in self.accounts.values()]
        judged = [
            finding for one in self.buckets + self.keys for finding in one.findings.get(scenario, [])
        ] + [finding for account in self.accounts.values() for finding in self._judged(scenario, account)]
        return {
            "exit_code": 0 if scenario == "named" else 4,
            "tables": {
                "accounts": accounts,
                "buckets": buckets,
                "keys": keys,
                "findings": judged,
                "coverage": coverage,
                "runs": [self._run_row(scenario, accounts, buckets, keys, judged)],
            },
            # Reads whose number is the scanner's business (how it learns of accounts, sessions and
            # buckets' Regions), so that the truth has no rows of them; the equations hold for them too.
            "coverage_may_add": [
                "organizations:DescribeOrganization",
                "organizations:ListAccounts",
                "organizations:ListOrganizationalUnitsForParent",
                "organizations:ListRoots",
                "s3:GetBucketLocation",
                "sts:AssumeRole",
                "sts:GetCallerIdentity",
            ],
        }

    def _account_row(self, scenario: str, account: Account, coverage: list[dict[str, Any]]) -> dict[str, Any]:
        if not account.active:
            return account.row | {
                "access_path": None,
                "scan_status": "not_scanned",
                "scan_reason": "not_active",
                "regions": None,
                "regions_disabled": None,
                "buckets": None,
                "keys": None,
                "calls": any_of(None, 0),
                "started_at": None,
                "finished_at": None,
            }
        owned = [row for row in coverage if row["account_id"] == account.id]
        return account.row | {
            # moto lets any role be assumed, so the caller's own credentials are never fallen back on.
            "access_path": "assumed_role",
            "scan_status": "complete" if scenario == "named" else "partial",
            # Said before the faults of single reads, where there are such, too.
            "scan_reason": None if scenario == "named" else "region_incomplete",
            "regions": list(account.regions(scenario)),
            # The Regions were not listed, so that none is known to be disabled.
            "regions_disabled": any_of(None, []),
            "buckets": self._owned(self.buckets, scenario, account.id),
            "keys": self._owned(self.keys, scenario, account.id),
            "calls": at_least(sum(row["asked"] for row in owned)),
            "started_at": within_run(),
            "finished_at": within_run(),
        }

    @staticmethod
    def _judged(scenario: str, account: Account) -> list[dict[str, Any]]:
        told = {"account_scanned": account.scanned[scenario]}
        return findings(contract.ACCOUNT, account.arn, {"account_id": account.id}, told)

    @staticmethod
    def _owned(expected: list[Expected], scenario: str, account_id: str) -> int:
        rows = [one.rows[scenario] for one in expected if scenario in one.rows]
        return sum(row["account_id"] == account_id for row in rows)

    def _run_row(
        self, scenario: str, accounts: list, buckets: list, keys: list, judged: list
    ) -> dict[str, Any]:
        status = Counter(row["scan_status"] for row in accounts)
        verdicts = Counter(row["verdict"] for row in judged)
        named = scenario == "named"
        return {
            "kind": "filtered" if named else "census",
            "org_id": self.org_id,
            "management_account_id": MANAGEMENT_ACCOUNT,
            "status": "complete" if named else "partial",
            "source": "endpoint",
            "previous_run_id": None,
            "schema_version": 1,
            "accounts_listed": len(accounts),
            "accounts_complete": status["complete"],
            "accounts_partial": status["partial"],
            "accounts_unreachable": 0,
            "accounts_not_scanned": status["not_scanned"],
            "buckets": len(buckets),
            "keys": len(keys),
            "findings_fail": verdicts["fail"],
            "findings_unknown": verdicts["unknown"],
        }

    def _coverage(self, scenario: str) -> list[dict[str, Any]]:
        tallies: dict[tuple[str, str, str], Counter] = {}

        def count(account_id: str, region: str, operation: str, outcome: str) -> None:
            tallies.setdefault((account_id, region, operation), Counter())[outcome] += 1

        for account in filter(lambda account: account.active, self.accounts.values()):
            count(account.id, "global", "s3:ListBuckets", "known")
            if scenario == "fallback":
                # moto has no such route: its 404 is a page of HTML, and no answer of the API.
                count(account.id, "global", "account:ListRegions", "protocol")
            for region in account.regions(scenario):
                count(account.id, region, "kms:ListKeys", "known")
                count(account.id, region, "kms:ListAliases", "known")
        for row in (expected.rows[scenario] for expected in self.buckets):
            count(row["account_id"], row["region"], "s3:GetBucketEncryption", row["encryption_read"])
            count(row["account_id"], row["region"], "s3:GetBucketPolicy", row["policy_read"])
        for expected in self.keys:
            for operation, outcome in expected.reads.get(scenario, []):
                row = expected.rows[scenario]
                count(row["account_id"], row["region"], operation, outcome)
        return [
            coverage_row(*key, tally, left_out=scenario == "named" and is_left_out(key[1]))
            for key, tally in sorted(tallies.items())
        ]


OUTCOMES = (
    "known",
    "absent",
    "gone",
    "denied",
    "throttled",
    "transport",
    "service",
    "protocol",
    "identity",
    "unavailable",
)


def is_left_out(region: str) -> bool:
    """Whether `--region` leaves the Region out."""
    return region != "global" and region not in NAMED_REGIONS


def coverage_row(
    account_id: str, region: str, operation: str, tally: Counter, *, left_out: bool
) -> dict[str, Any]:
    """One row of coverage from its counts."""
    answered = tally["known"] + tally["absent"] + tally["gone"]
    asked = sum(tally[outcome] for outcome in OUTCOMES)
    denied = tally["denied"] > 0
    return {
        "account_id": account_id,
        "region": region,
        "operation": operation,
        "asked": asked,
        **{outcome: tally[outcome] for outcome in OUTCOMES},
        "not_asked": tally["not_asked"],
        # What `--region` leaves out counts in not_asked, but not against complete.
        "complete": asked == answered and (tally["not_asked"] == 0 or left_out),
        "accepted_gap": False,
        # moto's refusal has no message, hence it names nobody.
        "denied_by": "unstated" if denied else None,
        "deny_type": None,
        "sample_code": "AccessDeniedException" if denied else None,
        "sample_message": None,
    }
