"""The seeded organization is what the truth says it is, as boto3 reads it back.

This holds the truth's plain facts against the emulator before any scanner is involved, so that a
difference found later is the scanner's. What only a join can tell (a reference's owner, whether a key
is missing) is not read back: that is the seeder's own hand.
"""

import json
import logging
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from compare_lake import check_truth_is_whole, compare, truth_key
from lake import Lake
from made_lake import STARTED, Made, check, filled, finding
from moto_world import MANAGEMENT_ACCOUNT, World
from seed_moto import seed
from truth import matches, milliseconds, sha256

SSE_WORDS = {"sse_s3": "AES256", "sse_kms": "aws:kms", "dsse_kms": "aws:kms:dsse"}


def without_instants(value: Any) -> Any:
    """A truth without what a clock told."""
    if isinstance(value, dict):
        return "instant" if "$at" in value else {key: without_instants(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_instants(each) for each in value]
    return value


class Seeded(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        cls.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        host, port = cls.server.get_host_and_port()
        cls.endpoint = f"http://{host}:{port}"
        first = World(cls.endpoint)
        seed(first)
        cls.first = first.truth()
        cls.world = World(cls.endpoint)
        seed(cls.world)
        cls.truth = cls.world.truth()
        # Everything there is: the scenario without `--region` has every row.
        cls.tables = cls.truth["scenarios"]["fallback"]["tables"]

    def test_seeding_twice_gives_the_same_ids(self) -> None:
        self.assertEqual(without_instants(self.first), without_instants(self.truth))

    def test_the_truth_is_whole(self) -> None:
        for scenario in self.truth["scenarios"].values():
            for table, rows in scenario["tables"].items():
                if table != "runs":
                    check_truth_is_whole(table, rows)
                counts = Counter(truth_key(table, row) for row in rows)
                self.assertEqual([key for key, count in counts.items() if count > 1], [], table)

    def test_every_word_of_the_contract_that_moto_can_show_is_there(self) -> None:
        columns = ("encryption", "kms_key_ref_kind", "kms_key_link", "tls_only")
        seen = {column: {row[column] for row in self.tables["buckets"]} for column in columns}
        named = self.truth["scenarios"]["named"]["tables"]["buckets"]
        self.assertLessEqual({"not_configured", "sse_s3", "sse_kms", "dsse_kms", "other"}, seen["encryption"])
        self.assertIn("unknown", {row["encryption"] for row in named})
        self.assertEqual({"none", "key_id", "key_arn", "alias_name", "alias_arn"}, seen["kms_key_ref_kind"])
        self.assertEqual(
            {"none", "aws_managed", "same_account", "same_org", "outside_org", "missing", "unproven"},
            seen["kms_key_link"],
        )
        self.assertEqual({"enforced", "partial", "absent", "unknown"}, seen["tls_only"])
        self.assertEqual({"unknown"}, {row["tls_only"] for row in named if row["policy_read"] == "not_asked"})
        reasons = {row["rotation_reason"] for row in self.tables["keys"]}
        # Every reason but that of AWS's own keys, which moto does not list.
        self.assertLessEqual(
            {
                "pending_deletion",
                "asymmetric",
                "hmac",
                "custom_key_store",
                "imported_material",
                "replica_of_primary",
            },
            reasons,
        )

    def test_every_verdict_of_a_check_that_moto_can_show_is_there(self) -> None:
        seen: dict[str, set[str]] = {}
        for scenario in self.truth["scenarios"].values():
            for row in scenario["tables"]["findings"]:
                seen.setdefault(row["check_id"], set()).add(row["verdict"])
        all_four = {"pass", "fail", "unknown", "not_applicable"}
        # No bucket and no key is above these, and only a key of AWS's own would be.
        for check_id in ("s3_default_encryption", "s3_tls_only"):
            self.assertEqual(seen.pop(check_id), all_four - {"not_applicable"}, check_id)
        # The built-in standard lists no destination of logs, and moto drops blocked encryption types.
        self.assertEqual(seen.pop("s3_encryption_standard"), all_four - {"not_applicable"})
        self.assertEqual(seen.pop("s3_sse_c_blocked"), {"pass", "unknown"})
        self.assertEqual(seen.pop("s3_policy_service_confused_deputy"), all_four - {"not_applicable"})
        key_policy = ("kms_policy_public", "kms_policy_outside_org", "kms_policy_service_confused_deputy")
        for check_id in (*key_policy, "kms_key_pending_deletion"):
            self.assertEqual(seen.pop(check_id), all_four - {"not_applicable"}, check_id)
        # moto tells no rotation period, has no old keys, and imports no material.
        self.assertEqual(seen.pop("kms_rotation_period"), all_four - {"pass"})
        self.assertEqual(seen.pop("kms_key_material_age"), all_four - {"fail"})
        self.assertEqual(seen.pop("kms_material_expiring"), all_four - {"fail"})
        # It lets any role be assumed.
        self.assertEqual(seen.pop("account_scanned"), all_four - {"fail"})
        self.assertEqual({check_id for check_id, verdicts in seen.items() if verdicts != all_four}, set())

    def test_accounts_read_back(self) -> None:
        paginator = self.world.client("organizations").get_paginator("list_accounts")
        pages = list(paginator.paginate(PaginationConfig={"PageSize": 20}))
        self.assertGreater(len(pages), 1, "one page does not show paging")
        listed = {account["Id"]: account for page in pages for account in page["Accounts"]}
        expected = {row["account_id"]: row for row in self.tables["accounts"]}
        self.assertEqual(listed.keys(), expected.keys())
        for account_id, account in listed.items():
            self.assertEqual(account["Name"], expected[account_id]["account_name"])
            self.assertEqual(account["State"], expected[account_id]["state"])
            self.assertEqual(account["Arn"], self.world.accounts[account_id].arn)
            self.assertNotIn("Paths", account)
            joined = milliseconds(account["JoinedTimestamp"])
            self.assertTrue(matches(expected[account_id]["joined_at"], joined, {}))

    def test_a_role_leads_into_its_own_account(self) -> None:
        for account in self.world.accounts.values():
            if account.id != MANAGEMENT_ACCOUNT and account.active:
                identity = self.world.client("sts", account_id=account.id).get_caller_identity()
                self.assertEqual(identity["Account"], account.id)
                self.world.client("iam", account_id=account.id).get_role(RoleName=self.truth["role_name"])

    def test_buckets_read_back(self) -> None:
        expected = {(row["account_id"], row["bucket"]): row for row in self.tables["buckets"]}
        found = set()
        for account in filter(lambda account: account.active, self.world.accounts.values()):
            client = self.world.client("s3", account_id=account.id)
            for bucket in client.list_buckets()["Buckets"]:
                found.add((account.id, bucket["Name"]))
                with self.subTest(bucket["Name"]):
                    self.check_bucket(client, bucket, expected[account.id, bucket["Name"]])
        self.assertEqual(found, expected.keys())

    def check_bucket(self, client: Any, bucket: dict[str, Any], row: dict[str, Any]) -> None:
        name = bucket["Name"]
        location = client.get_bucket_location(Bucket=name)["LocationConstraint"]
        self.assertEqual(location or "us-east-1", row["region"])
        self.assertTrue(matches(row["created_at"], milliseconds(bucket["CreationDate"]), {}))
        rule = answer(
            client.get_bucket_encryption, "ServerSideEncryptionConfigurationNotFoundError", Bucket=name
        )
        if rule is None:
            self.assertEqual(row["encryption_read"], "absent")
        else:
            rule = rule["ServerSideEncryptionConfiguration"]["Rules"][0]
            default = rule["ApplyServerSideEncryptionByDefault"]
            self.assertEqual(default["SSEAlgorithm"], row["sse_algorithm"])
            self.assertEqual(default["SSEAlgorithm"], SSE_WORDS.get(row["encryption"], row["sse_algorithm"]))
            self.assertEqual(default.get("KMSMasterKeyID"), row["kms_key_ref"])
            self.assertEqual(rule["BucketKeyEnabled"], row["bucket_key_enabled"])
        policy = answer(client.get_bucket_policy, "NoSuchBucketPolicy", Bucket=name)
        self.assertEqual(policy and sha256(policy["Policy"]), row["policy_sha256"])

    def test_keys_read_back(self) -> None:
        expected = {row["key_arn"]: row for row in self.tables["keys"]}
        found = set()
        for account in filter(lambda account: account.active, self.world.accounts.values()):
            for region in account.regions("fallback"):
                client = self.world.client("kms", region, account.id)
                for key in client.list_keys()["Keys"]:
                    found.add(key["KeyArn"])
                    with self.subTest(key["KeyArn"]):
                        self.check_key(client, key["KeyId"], expected[key["KeyArn"]])
        self.assertEqual(found, expected.keys())

    def check_key(self, client: Any, key_id: str, row: dict[str, Any]) -> None:
        aliases = [
            alias["AliasName"] for alias in client.list_aliases()["Aliases"] if alias["TargetKeyId"] == key_id
        ]
        self.assertEqual(sorted(aliases), row["aliases"])
        if row["policy_read"] == "known":
            policy = client.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
            self.assertEqual(sha256(policy), row["policy_sha256"])
        described = answer(client.describe_key, "AccessDeniedException", KeyId=key_id)
        self.assertEqual(described is None, row["describe_read"] == "denied")
        if described is None:
            return
        metadata = described["KeyMetadata"]
        for field, column in (
            ("KeyManager", "key_manager"),
            ("Origin", "key_origin"),
            ("KeySpec", "key_spec"),
            ("KeyUsage", "key_usage"),
            ("KeyState", "key_state"),
        ):
            self.assertEqual(metadata.get(field), row[column], column)
        self.assertTrue(matches(row["created_at"], milliseconds(metadata["CreationDate"]), {}))
        deletion = metadata.get("DeletionDate")
        self.assertTrue(matches(row["deletion_at"], deletion and milliseconds(deletion), {}))
        primary = metadata.get("MultiRegionConfiguration", {}).get("PrimaryKey", {}).get("Arn")
        self.assertEqual(primary, row["primary_key_arn"])
        self.check_rotation(client, key_id, row)

    def check_rotation(self, client: Any, key_id: str, row: dict[str, Any]) -> None:
        # A replica's row says what its primary says, which on AWS is what it says itself.
        if row["rotation_read"] != "known" or row["multi_region"] == "replica":
            return
        status = client.get_key_rotation_status(KeyId=key_id)
        self.assertEqual("enabled" if status["KeyRotationEnabled"] else "disabled", row["rotation"])
        rotations = client.list_key_rotations(KeyId=key_id)["Rotations"]
        if row["on_demand_rotations"] is not None:
            self.assertEqual(len(rotations), row["on_demand_rotations"])
            last = rotations[-1]["RotationDate"] if rotations else None
            self.assertTrue(matches(row["last_rotation_at"], last and milliseconds(last), {}))

    def test_the_counts_by_hand_are_those_of_the_bucket_rows(self) -> None:
        for name, scenario in self.truth["scenarios"].items():
            owners: dict[str, list[str]] = {}
            for row in scenario["tables"]["buckets"]:
                if row["kms_key_link"] in ("same_account", "same_org"):
                    owners.setdefault(row["kms_key_arn"], []).append(row["account_id"])
            for row in scenario["tables"]["keys"]:
                named = owners.get(row["key_arn"], [])
                with self.subTest(scenario=name, key=row["key_arn"]):
                    self.assertEqual(row["default_key_of_buckets"], len(named))
                    self.assertEqual(row["default_key_of_accounts"], len(set(named)))

    def test_a_lake_made_of_the_truth_has_no_differences(self) -> None:
        """The truth fits the contract and its equations, and the comparison can be satisfied."""
        for name, scenario in self.truth["scenarios"].items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                lake = lake_of(scenario).write(Path(folder))
                report = compare(Lake(lake), scenario)
                # The hashes of policies are in the truth, their texts are not.
                differences = [line for line in report.lines if "  policy of " not in line]
                self.assertEqual(differences, [])

    def test_the_emulator_still_differs_from_aws_as_noted(self) -> None:
        """What the scanner has to put up with; where moto mends one, the truth is to be revised."""
        client = self.world.client("account")
        with self.assertRaisesRegex(ClientError, "404"):
            client.list_regions()
        buckets = self.world.client("s3").list_buckets(MaxBuckets=1)
        self.assertNotIn("ContinuationToken", buckets)
        self.assertNotIn("BucketRegion", buckets["Buckets"][0])
        primary = next(row for row in self.tables["keys"] if row["multi_region"] == "primary")
        client = self.world.client("kms", primary["region"], primary["account_id"])
        told = client.describe_key(KeyId=primary["key_id"])["KeyMetadata"]["MultiRegionConfiguration"]
        self.assertEqual(told["MultiRegionKeyType"], "REPLICA")
        self.assertEqual(told["PrimaryKey"]["Arn"], primary["key_arn"])


class CommandLine(unittest.TestCase):
    def test_a_served_emulator_is_seeded_and_ends_with_its_pipe(self) -> None:
        folder = Path(__file__).parent
        with subprocess.Popen(
            [sys.executable, "serve_moto.py"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            endpoint = server.stdout.readline().removeprefix("READY ").strip()
            done = subprocess.run(
                [sys.executable, "seed_moto.py", endpoint], cwd=folder, capture_output=True, text=True
            )
            server.stdin.close()
            self.assertEqual(server.wait(timeout=60), 0)
        self.assertEqual(done.returncode, 0, done.stderr)
        truth = json.loads(done.stdout)
        self.assertEqual({"named", "fallback"}, truth["scenarios"].keys())
        self.assertEqual(23, len(truth["scenarios"]["named"]["tables"]["accounts"]))


def lake_of(scenario: dict[str, Any]) -> Made:
    """A lake with the rows that a truth expects."""
    made = Made()
    told = {table: [settled(each) for each in rows] for table, rows in scenario["tables"].items()}
    for table in ("accounts", "buckets", "keys", "coverage"):
        made.tables[table] = [filled(table, **values) for values in told[table]]
    reads = Counter()
    for each in made.tables["coverage"]:
        reads[each["operation"]] += each["asked"]
    made.tables["calls"] = [
        filled("calls", service=service, operation=operation, calls=asked, retries=0, throttles=0)
        for (service, operation), asked in ((name.split(":"), asked) for name, asked in reads.items())
    ]
    made.tables["findings"] = [finding_of(each) for each in told["findings"]]
    instances = {(each["check_id"], each["check_params"]): each for each in told["findings"]}
    made.tables["checks"] = [
        check(check_id, check_params=params, category=each["category"])
        for (check_id, params), each in instances.items()
    ]
    made.tables["controls"].clear()
    run = made.tables["runs"][0] | told["runs"][0]
    made.tables["runs"] = [run | {"calls": sum(reads.values())}]
    scanned = [each["account_id"] for each in made.tables["accounts"] if each["started_at"]]
    made.policies = {account_id: [] for account_id in scanned}
    return made


def finding_of(told: dict[str, Any]) -> dict[str, Any]:
    """A finding as a truth has it, with what no truth tells."""
    names = ("check_id", "resource_arn")
    nothing_to_do = told["verdict"] in ("pass", "not_applicable")
    rest = {column: value for column, value in told.items() if column not in names}
    return finding(*(told[name] for name in names), **rest, remedy=None if nothing_to_do else "Do it.")


def settled(values: dict[str, Any]) -> dict[str, Any]:
    """A row's expectations as values that meet them."""

    def value(expected: Any) -> Any:
        if not isinstance(expected, dict):
            return expected
        if "$any_of" in expected:
            return value(expected["$any_of"][0])
        return STARTED + 1 if "$within_run" in expected else expected.get("$at", expected.get("$at_least"))

    return {column: value(expected) for column, expected in values.items()}


def answer(call: Any, refusal: str, **request: Any) -> dict[str, Any] | None:
    """A call's answer, or None where it is refused with that code."""
    try:
        return call(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] == refusal:
            return None
        raise


if __name__ == "__main__":
    unittest.main()
