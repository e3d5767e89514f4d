"""Holds templates against CloudFormation's own schemas and cfn-lint's rules, informational ones too.

`lint_templates.py FILE…` ends 1 where cfn-lint has anything to say, and where a file names a partition (a
template that says `arn:aws:` deploys into one alone), is not ASCII (which comes back as question marks), or is
larger than what the CLI sends: without a bucket, or by way of one where the README says so.
"""

import re
import subprocess
import sys
from pathlib import Path

# Names of AWS's own services in policies look the same in every partition; ARNs do not.
HARD_CODED = re.compile(r"\barn:aws[a-z-]*:")
# CloudFormation's quotas on a template in the request, and on one in a bucket (user guide, "CloudFormation quotas").
LARGEST, LARGEST_IN_BUCKET = 51_200, 1_000_000
IN_BUCKET = {"athena.yaml"}


def complaints(file: str) -> list[str]:
    """What is wrong with a file by rules of our own."""
    text = Path(file).read_text(encoding="utf-8")
    largest = LARGEST_IN_BUCKET if Path(file).name in IN_BUCKET else LARGEST
    wrong = [f"{file}: larger than {largest} bytes"] if len(text.encode()) > largest else []
    for number, line in enumerate(text.splitlines(), 1):
        # A comment of SQL names an example.
        if HARD_CODED.search(line) and not line.lstrip().startswith("-- "):
            wrong.append(f"{file}:{number}: names a partition: {line.strip()}")
        if not line.isascii():
            wrong.append(f"{file}:{number}: is not ASCII: {line.strip()}")
    return wrong


def main() -> int:
    files = sys.argv[1:]
    command = [Path(sys.executable).with_name("cfn-lint"), "--include-checks", "I", "--", *files]
    linted = subprocess.run(command, check=False)
    wrong = [complaint for file in files for complaint in complaints(file)]
    print("\n".join(wrong))
    return int(bool(linted.returncode or wrong))


if __name__ == "__main__":
    sys.exit(main())
