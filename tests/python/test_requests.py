"""The reading of moto's recording notices each thing that a scan must not do."""

import base64
import unittest
from types import SimpleNamespace
from typing import Any

from report import Report
from requests_made import check_counts, check_manners, check_none_twice, check_only_reads, request_of

AGENT = "aws-sdk-rust/1.3 app/atrest"
SCOPE = "AWS4-HMAC-SHA256 Credential=ASIA1/20261121/eu-west-1/s3/aws4_request, SignedHeaders=host"


def entry(method: str, url: str, body: str = "", **headers: str) -> dict[str, Any]:
    """A line of the recording."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "method": method,
        "url": f"http://127.0.0.1:1{url}",
        "headers": {"User-Agent": AGENT, "Authorization": SCOPE} | names,
        "body": base64.b64encode(body.encode()).decode(),
        "body_encoded": True,
    }


def describe(key_id: str) -> dict[str, Any]:
    return entry("POST", "/", f'{{"KeyId":"{key_id}"}}', X_Amz_Target="TrentService.DescribeKey")


KEY_ID = "11111111-2222-3333-4444-555555555555"
OWNED = {"x_amz_expected_bucket_owner": "123456789012"}
GOOD = [
    entry("GET", "/?max-buckets=10000&x-id=ListBuckets"),
    entry("GET", "/some.bucket?location"),
    entry("GET", "/some.bucket?encryption", **OWNED),
    entry("GET", "/some.bucket?policy", **OWNED),
    entry("GET", "/other?policy", **OWNED),
    describe(KEY_ID),
    describe(f"arn:aws:kms:eu-west-1:123456789012:key/mrk-{KEY_ID.replace('-', '')}"),
    entry("POST", "/", "Action=AssumeRole&Version=2011-06-15&RoleArn=a"),
    entry("POST", "/", '{"MaxResults":20}', X_Amz_Target="AWSOrganizationsV20161128.ListAccounts"),
]
TOLD = {
    "s3:ListBuckets": 1,
    "s3:GetBucketLocation": 1,
    "s3:GetBucketEncryption": 1,
    "s3:GetBucketPolicy": 2,
    "kms:DescribeKey": 2,
    "sts:AssumeRole": 1,
    "organizations:ListAccounts": 1,
    # moto has no such route, and records nothing of it.
    "account:ListRegions": 1,
}


def report_of(entries: list[dict[str, Any]], told: dict[str, int]) -> str:
    requests = [request_of(line) for line in entries]
    rows = [
        dict(zip(("service", "operation"), name.split(":"), strict=True), calls=calls)
        for name, calls in told.items()
    ]
    report = Report()
    check_only_reads(requests, report)
    check_none_twice(requests, report)
    check_manners(requests, report)
    check_counts(SimpleNamespace(rows=lambda _: rows), requests, report)
    return "" if report.clean else str(report)


class Requests(unittest.TestCase):
    def test_a_scan_that_behaves_has_no_differences(self) -> None:
        self.assertEqual(report_of(GOOD, TOLD), "")

    def test_a_scan_that_misbehaves_is_noticed(self) -> None:
        rude = entry("GET", "/b?location") | {"headers": {"User-Agent": "curl", "Authorization": SCOPE}}
        for name, line, says in (
            ("a write", entry("PUT", "/some.bucket?encryption"), "PUT /some.bucket"),
            (
                "an object read",
                entry("GET", "/some.bucket/object?policy", **OWNED),
                "GET /some.bucket/object",
            ),
            ("a KMS write", entry("POST", "/", X_Amz_Target="TrentService.CreateKey"), "kms:CreateKey"),
            ("a described alias", describe("alias/aws/s3"), "KeyId"),
            ("a described alias ARN", describe("arn:aws:kms:eu-west-1:123456789012:alias/aws/s3"), "KeyId"),
            ("a read made twice", GOOD[1], "times for"),
            ("no expected owner", entry("GET", "/third?encryption"), "expects an owner"),
            ("a page too small", entry("GET", "/?max-buckets=100"), "max-buckets"),
            ("nobody's name", rude, "user agent"),
            ("a call that is not counted", entry("GET", "/third?location"), "s3:GetBucketLocation  calls"),
        ):
            with self.subTest(name):
                self.assertIn(says, report_of([*GOOD, line], TOLD))

    def test_a_count_too_high_is_noticed(self) -> None:
        self.assertIn("kms:ListKeys  calls", report_of(GOOD, TOLD | {"kms:ListKeys": 1}))


if __name__ == "__main__":
    unittest.main()
