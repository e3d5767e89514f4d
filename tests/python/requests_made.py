"""Holds what a scan sent, as moto recorded it, against what it may send and what its lake says.

    requests_made.py LAKE RECORDING

The recorder is the emulator's own. It shows that a scan only reads, reads nothing twice, and counts
what it does: the `calls` table must say of each operation how often it came in over the wire. Requests
that moto has no route for (account:ListRegions) are not recorded, and not compared.
"""

import base64
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlparse

from lake import Lake
from report import Report

# All that a scan may ever send to AWS.
READS = {
    "account:ListRegions",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListKeyRotations",
    "kms:ListKeys",
    "organizations:DescribeOrganization",
    "organizations:ListAccounts",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListRoots",
    "s3:GetBucketEncryption",
    "s3:GetBucketLocation",
    "s3:GetBucketPolicy",
    "s3:ListBuckets",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
}

TARGETS = {"TrentService": "kms", "AWSOrganizationsV20161128": "organizations"}
BUCKET_READS = {
    "encryption": "GetBucketEncryption",
    "location": "GetBucketLocation",
    "policy": "GetBucketPolicy",
}
# What an id must look like to be described: an alias would make moto, and AWS, create its key.
KEY_ID = re.compile(r"(arn:aws:kms:[^:]+:\d{12}:key/)?(mrk-)?[0-9a-f-]{32,36}")


@dataclass(frozen=True)
class Request:
    """One request, as far as the comparison needs it."""

    operation: str
    # What it reads: an account's session and Region, and the bucket, key or page.
    subject: tuple[str, ...]
    headers: dict[str, str]
    query: dict[str, list[str]]
    body: str


def request_of(entry: dict) -> Request:
    """Reads one line of the recording."""
    headers = {name.lower(): value for name, value in entry["headers"].items()}
    body = base64.b64decode(entry["body"]).decode() if entry["body_encoded"] else entry["body"] or ""
    url = urlparse(entry["url"])
    query = parse_qs(url.query, keep_blank_values=True)
    operation = operation_of(entry["method"], url.path, query, headers, body)
    # SigV4's scope names the session's access key and the Region.
    scope = headers.get("authorization", "").partition("Credential=")[2].split(",")[0].split("/")
    session, region = (scope[0], scope[2]) if len(scope) > 2 else ("", "")
    return Request(operation, (session, region, url.path, url.query, body), headers, query, body)


def operation_of(method: str, path: str, query: dict, headers: dict[str, str], body: str) -> str:
    """`service:Operation`, or the method and path of what is none of the reads."""
    target = headers.get("x-amz-target", "")
    if target:
        service, _, name = target.partition(".")
        return f"{TARGETS.get(service, service)}:{name}"
    action = parse_qs(body).get("Action")
    if action:
        return f"sts:{action[0]}"
    if method == "GET" and path == "/":
        return "s3:ListBuckets"
    reads = [name for part, name in BUCKET_READS.items() if part in query]
    if method == "GET" and len(reads) == 1 and path.strip("/").count("/") == 0:
        return f"s3:{reads[0]}"
    return f"{method} {path}"


def recorded(path: Path) -> list[Request]:
    """The recording's requests."""
    return [request_of(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def check_only_reads(requests: list[Request], report: Report) -> None:
    """Nothing but the reads of the list, and no key described by an alias."""
    for request in requests:
        if request.operation not in READS:
            report.differs("requests", request.operation, "operation", "a read", request.subject)
        if request.operation == "kms:DescribeKey":
            key_id = json.loads(request.body)["KeyId"]
            if not KEY_ID.fullmatch(key_id):
                report.differs("requests", request.operation, "KeyId", KEY_ID.pattern, key_id)


def check_none_twice(requests: list[Request], report: Report) -> None:
    """The emulator answers everything at once, so that nothing needs a second attempt."""
    repeated = Counter((request.operation, request.subject) for request in requests)
    for (operation, subject), count in repeated.items():
        if operation != "sts:GetCallerIdentity":
            report.expect("requests", operation, f"times for {subject}", 1, count)


def check_manners(requests: list[Request], report: Report) -> None:
    """What each request must carry: the owner it expects, the page it wants, who is asking."""
    for request in requests:
        name = request.operation
        if name in ("s3:GetBucketEncryption", "s3:GetBucketPolicy"):
            owner = request.headers.get("x-amz-expected-bucket-owner", "")
            report.expect("requests", request.subject, "expects an owner", 12, len(owner))
        if name == "s3:ListBuckets":
            # moto cuts a list off at MaxBuckets and gives no token: less than all is lost.
            report.expect("requests", name, "max-buckets", ["10000"], request.query.get("max-buckets"))
        agent = request.headers.get("user-agent", "") + request.headers.get("x-amz-user-agent", "")
        if "app/atrest" not in agent:
            report.differs("requests", name, "user agent", "app/atrest", agent)


def check_counts(lake: Lake, requests: list[Request], report: Report) -> None:
    """The `calls` table counts what came in over the wire."""
    came = Counter(request.operation for request in requests)
    told = Counter()
    for row in lake.rows("calls"):
        told[f"{row['service']}:{row['operation']}"] += row["calls"]
    for operation in sorted(came.keys() | told.keys()):
        if operation != "account:ListRegions":
            report.expect("calls", operation, "calls", came[operation], told[operation])


def compare(lake: Lake, requests: list[Request]) -> Report:
    report = Report()
    check_only_reads(requests, report)
    check_none_twice(requests, report)
    check_manners(requests, report)
    check_counts(lake, requests, report)
    return report


def main() -> None:
    requests = recorded(Path(sys.argv[2]))
    if not requests:
        sys.exit(f"{sys.argv[2]}: nothing was recorded")
    report = compare(Lake(Path(sys.argv[1]).resolve()), requests)
    if not report.clean:
        print(report)
        sys.exit(1)
    print(f"{len(requests)} requests, all of them reads, none twice, all counted")


if __name__ == "__main__":
    main()
