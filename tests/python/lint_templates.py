"""Holds templates against CloudFormation's own schemas and cfn-lint's rules, informational ones too.

`lint_templates.py FILE…` ends 1 where cfn-lint has anything to say, and where a file names a partition (a
template that says `arn:aws:` deploys into one alone), is not ASCII (which comes back as question marks), or is
larger than what the CLI sends without a bucket.
"""

import re
import subprocess
import sys
from pathlib import Path

# Names of AWS's own services in policies look the same in every partition; ARNs do not.
HARD_CODED = re.compile(r"\barn:aws[a-z-]*:")
# CloudFormation's quota on a template that is passed in the request (user guide, "CloudFormation quotas").
LARGEST = 51_200


def complaints(file: str) -> list[str]:
    """What is wrong with a file by rules of our own."""
    text = Path(file).read_text(encoding="utf-8")
    wrong = [f"{file}: larger than {LARGEST} bytes"] if len(text.encode()) > LARGEST else []
    for number, line in enumerate(text.splitlines(), 1):
        if HARD_CODED.search(line):
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
