"""Holds an `ocsf` report against OCSF 1.6.0 and against the lake that it was made from.

    check_ocsf.py LAKE FINDINGS.jsonl

The schema twice: by hand, in ocsf_finding.py, and whole, as the package ocsf-json-schema has it from
schema.ocsf.io, which knows nothing of this project. Ends 1 on any difference.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import ocsf_json_schema

import ocsf_finding
from lake import Lake, Row
from report import Report


def at(event: Any, place: str) -> list[Any]:
    """The objects at a place in an event; none where there is none."""
    found = [event]
    for name in filter(None, place.split(".")):
        found = [one[name.removesuffix("[]")] for one in found if name.removesuffix("[]") in one]
        if name.endswith("[]"):
            found = [entry for entries in found for entry in entries]
    return found


def check_by_hand(event: Any, key: str, report: Report) -> None:
    for rules in (ocsf_finding.REQUIRED, ocsf_finding.RECOMMENDED):
        for place, names in rules.items():
            for one in at(event, place):
                report.expect(key, place, "attributes", [], [name for name in names if name not in one])
    for place, names in ocsf_finding.ONE_OF.items():
        for one in at(event, place):
            if not any(name in one for name in names):
                report.differs(key, place, "one of", names, sorted(one))
    for place, names in ocsf_finding.DEPRECATED.items():
        for one in at(event, place):
            report.expect(key, place, "deprecated", [], [name for name in names if name in one])
    for place, siblings in ocsf_finding.CAPTIONS.items():
        for one in at(event, place):
            for id_name, caption_name, captions in siblings:
                check_caption(one[id_name], one[caption_name], captions, (key, f"{place}.{id_name}"), report)
    report.expect(key, "", "type_uid", event["class_uid"] * 100 + event["activity_id"], event["type_uid"])
    report.expect(key, "metadata", "version", "1.6.0", event["metadata"]["version"])
    report.expect(key, "metadata", "profiles", ["cloud"], event["metadata"]["profiles"])


def check_caption(id: int, caption: str, captions: dict[int, str], key: Any, report: Report) -> None:
    """An id that the schema has, and its caption; of 99 the source's own word."""
    if id not in captions:
        report.differs(*key, "id", sorted(captions), id)
    elif id == 99:
        report.expect(*key, "caption is the source's own", False, caption in captions.values())
    else:
        report.expect(*key, "caption", captions[id], caption)


def check_row(event: Any, row: Row, run: Row, accounts: dict[str, Row], report: Report) -> None:
    """A finding says what its row says."""
    key, unmapped, compliance = row["finding_uid"], event["unmapped"], event["compliance"]
    judged, *related = event["resources"]
    expected = {
        "uid": row["finding_uid"],
        "event uid": f"{run['run_id']}/{row['finding_uid']}",
        "statuses": ocsf_finding.VERDICTS[row["verdict"]],
        "severity": row["severity"],
        "time": run["started_at"] if row["observed_at"] is None else row["observed_at"],
        "reason": (row["reason_code"], [row["reason"]], row["reason"]),
        "resource": (row["resource_arn"], row["resource_type"], row["region"], row["account_id"]),
        "related": [row["related_arn"]] if row["related_arn"] else [],
        "account": (row["account_id"], accounts[row["account_id"]]["account_name"], row["region"]),
        "organization": run["org_id"],
        "remedy": row["remedy"],
        "version": (run["tool_version"], str(row["check_version"])),
        "words": (row["verdict"], row["verdict_before_exception"], row["reason_code"], run["run_id"]),
        "exception": (row["exception_id"], row["exception_expires_at"] is not None),
        "parameters": json.loads(row["check_params"] or "{}").keys(),
    }
    account = event["cloud"]["account"]
    got = {
        "uid": event["finding_info"]["uid"],
        "event uid": event["metadata"]["uid"],
        "statuses": (compliance["status_id"], event["status_id"]),
        "severity": event["severity"].lower(),
        "time": event["time"],
        "reason": (compliance["status_code"], compliance["status_details"], event["message"]),
        "resource": (judged["uid"], judged["type"], judged.get("region"), judged["owner"]["account"]["uid"]),
        "related": [one["uid"] for one in related],
        "account": (account["uid"], account.get("name"), event["cloud"].get("region")),
        "organization": event["cloud"].get("org", {}).get("uid"),
        "remedy": event.get("remediation", {}).get("desc"),
        "version": (event["metadata"]["product"]["version"], event["finding_info"]["analytic"]["version"]),
        "words": tuple(
            unmapped[name] for name in ("verdict", "verdict_before_exception", "reason_code", "run_id")
        ),
        "exception": (unmapped.get("exception_id"), "exception_expires_at" in unmapped),
        "parameters": {one["name"]: one["value"] for one in compliance.get("control_parameters", [])}.keys(),
    }
    for name, value in expected.items():
        report.expect("findings", key, name, value, got[name])


def check_controls(event: Any, row: Row, controls: dict[Any, list[Row]], report: Report) -> None:
    """The standards and requirements are the control map's that the finding is evidence for."""
    of_check = controls.get((row["check_id"], row["check_params"]), [])
    mapped = [control for control in of_check if is_evidence(row, control)]
    standards = [f"{it['framework']} {it['framework_version']}" for it in mapped]
    requirements = [f"{name} {it['control_id']}" for name, it in zip(standards, mapped, strict=True)]
    compliance = event["compliance"]
    for name, expected, got in (
        ("standards", list(dict.fromkeys(standards)), compliance.get("standards", [])),
        ("requirements", requirements, compliance.get("requirements", [])),
        ("relations", [it["relation"] for it in mapped], event["unmapped"].get("requirement_relations", [])),
        ("notes", [it["note"] or "" for it in mapped], event["unmapped"].get("requirement_notes", [])),
    ):
        report.expect("controls", row["check_id"], name, expected, got)


def is_evidence(row: Row, control: Row) -> bool:
    """Whether every list that the control's condition has for the verdict has the finding's subject."""
    condition = json.loads(control["condition"] or "{}")
    subject, verdict = row["subject"], row["verdict"]
    asked = {"pass": ["about", "pass"], "fail": ["about", "fail"], "exempt": ["about", "fail"]}
    lists = [condition[name] for name in asked.get(verdict, ["about"]) if name in condition]
    if all(subject in list for list in lists):
        return True
    # What cannot be said stays so where it could be one of those that the control speaks of.
    unproven = subject in (None, "unknown") or (
        subject == "kms_key" and {"aws_managed_key", "customer_managed_key"} & {it for list in lists for it in list}
    )
    return bool(unproven) and verdict in ("unknown", "not_applicable")


def check_by_schema(events: list[Any], report: Report) -> None:
    schema = ocsf_json_schema.OcsfJsonSchemaEmbedded(ocsf_json_schema.get_ocsf_schema(version="1.6.0"))
    whole = schema.get_class_schema("compliance_finding", ["cloud"])
    validator = jsonschema.Draft202012Validator(whole)
    # Validation takes milliseconds a line, and lines of one shape differ in texts alone.
    shapes = {shape(event): event for event in events}
    for event in shapes.values():
        for error in validator.iter_errors(event):
            report.differs("schema", event["finding_info"]["uid"], error.json_path, "valid", error.message)


def shape(value: Any) -> Any:
    """The names, types and numbers of a value, without its texts."""
    if isinstance(value, dict):
        return tuple((name, shape(one)) for name, one in value.items() if name != "time")
    if isinstance(value, list):
        return tuple(sorted({shape(one) for one in value}, key=repr))
    return value if isinstance(value, int) and value < 1_000_000 else type(value).__name__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("lake", type=Path)
    parser.add_argument("findings", type=Path)
    options = parser.parse_args()
    lake, report = Lake(options.lake.resolve()), Report()
    # A line ends at a line feed alone: a reason may hold what Python takes for one.
    lines = options.findings.read_bytes().decode("utf-8").split("\n")
    report.expect("findings", "the file", "last line", "", lines.pop())
    events, rows = [json.loads(line) for line in lines], lake.rows_by_arrow("findings")
    report.expect("findings", "the file", "count", len(rows), len(events))
    (run,) = lake.rows_by_arrow("runs")
    accounts = {row["account_id"]: row for row in lake.rows_by_arrow("accounts")}
    controls: dict[Any, list[Row]] = {}
    for row in lake.rows_by_arrow("controls"):
        controls.setdefault((row["check_id"], row["check_params"]), []).append(row)
    for event, row in zip(events, rows, strict=False):
        check_by_hand(event, row["finding_uid"], report)
        check_row(event, row, run, accounts, report)
        check_controls(event, row, controls, report)
    check_by_schema(events, report)
    if not report.clean:
        print(report)
        sys.exit(1)
    verdicts = sorted({event["unmapped"]["verdict"] for event in events})
    print(f"{len(events)} findings, no differences; verdicts: {' '.join(verdicts)}")


if __name__ == "__main__":
    main()
