"""What OCSF 1.6.0 asks of a Compliance Finding, written out by hand.

From https://schema.ocsf.io/1.6.0/classes/compliance_finding?profiles=cloud and the objects that it
names; the sources are events/findings/compliance_finding.json and objects/*.json of the repository
ocsf/ocsf-schema at its tag 1.6.0. It is copied from the schema's text and from nothing in `src/`: the
attributes that an object must have, the groups of which it must have one, every id with its caption,
and what is deprecated. `check_ocsf.py` holds each line against it, and against the whole schema as
somebody else compiled it.
"""

# The objects by the place that they have in a finding; `[]` is every entry of a list.
REQUIRED = {
    "": [
        "activity_id",
        "category_uid",
        "class_uid",
        "cloud",
        "compliance",
        "finding_info",
        "metadata",
        "severity_id",
        "time",
        "type_uid",
    ],
    "cloud": ["provider"],
    "compliance.control_parameters[]": ["name"],
    "finding_info": ["uid"],
    "finding_info.analytic": ["type_id"],
    "metadata": ["product", "version"],
    "remediation": ["desc"],
}

# Attributes that the class or object recommends and that a census knows of every finding.
RECOMMENDED = {
    "": ["message", "resources", "status_id"],
    "cloud.account": ["type_id", "uid"],
    "compliance": ["checks", "control", "status", "status_id"],
    "compliance.checks[]": ["name", "status", "status_id", "uid"],
    "finding_info": ["analytic", "title"],
    "finding_info.analytic": ["name"],
    "metadata": ["log_name", "log_provider"],
    "metadata.product": ["name", "vendor_name", "version"],
    "resources[]": ["name", "role_id", "uid"],
    "resources[].owner": ["name", "type_id", "uid"],
}

# `at_least_one` of the schema's constraints.
ONE_OF = {
    "cloud.account": ["name", "uid"],
    "cloud.org": ["name", "uid"],
    "compliance.control_parameters[]": ["value", "values"],
    "finding_info.analytic": ["name", "uid"],
    "metadata.product": ["name", "uid"],
    "resources[]": ["name", "uid"],
    "resources[].owner": ["account", "name", "uid"],
    "resources[].owner.account": ["name", "uid"],
}

SEVERITIES = {
    0: "Unknown",
    1: "Informational",
    2: "Low",
    3: "Medium",
    4: "High",
    5: "Critical",
    6: "Fatal",
    99: "Other",
}
COMPLIANCE_STATUSES = {0: "Unknown", 1: "Pass", 2: "Warning", 3: "Fail", 99: "Other"}

# An id, the attribute that holds its caption, and the captions. Where the id is 99 the caption is the
# source's own.
CAPTIONS = {
    "": [
        ("activity_id", "activity_name", {0: "Unknown", 1: "Create", 2: "Update", 3: "Close", 99: "Other"}),
        ("category_uid", "category_name", {2: "Findings"}),
        ("class_uid", "class_name", {2003: "Compliance Finding"}),
        (
            "type_uid",
            "type_name",
            {
                200300: "Compliance Finding: Unknown",
                200301: "Compliance Finding: Create",
                200302: "Compliance Finding: Update",
                200303: "Compliance Finding: Close",
                200399: "Compliance Finding: Other",
            },
        ),
        ("severity_id", "severity", SEVERITIES),
        (
            "status_id",
            "status",
            {
                0: "Unknown",
                1: "New",
                2: "In Progress",
                3: "Suppressed",
                4: "Resolved",
                5: "Archived",
                6: "Deleted",
                99: "Other",
            },
        ),
    ],
    "compliance": [("status_id", "status", COMPLIANCE_STATUSES)],
    "compliance.checks[]": [("status_id", "status", COMPLIANCE_STATUSES)],
    "finding_info.analytic": [
        ("type_id", "type", {0: "Unknown", 1: "Rule", 2: "Behavioral", 3: "Statistical"}),
    ],
    "cloud.account": [("type_id", "type", {0: "Unknown", 10: "AWS Account", 99: "Other"})],
    "resources[].owner.account": [("type_id", "type", {0: "Unknown", 10: "AWS Account", 99: "Other"})],
    "resources[]": [
        ("role_id", "role", {0: "Unknown", 1: "Target", 2: "Actor", 3: "Affected", 4: "Related", 99: "Other"})
    ],
}

# Deprecated in 1.6.0 or before: what replaces them is there.
DEPRECATED = {
    "": ["resource"],
    "cloud": ["project_uid"],
    "compliance": ["compliance_references", "compliance_standards", "status_detail"],
    "finding_info": ["product_uid"],
    "metadata": ["extension"],
    "remediation": ["kb_articles"],
}

# What each of our verdicts is: the compliance status, and the finding's own status.
VERDICTS = {
    "pass": (1, 1),
    "unknown": (2, 1),
    "fail": (3, 1),
    "exempt": (3, 3),
    "not_applicable": (99, 1),
}
