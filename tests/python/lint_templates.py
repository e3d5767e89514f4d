"""Holds templates against CloudFormation's own schemas and cfn-lint's rules, informational ones too.

`lint_templates.py FILE…` ends 1 where cfn-lint has anything to say, or where a file names a partition: a
template that says `arn:aws:` deploys into one partition alone.
"""

import re
import subprocess
import sys
from pathlib import Path

# Names of AWS's own services in policies look the same in every partition; ARNs do not.
HARD_CODED = re.compile(r"\barn:aws[a-z-]*:")


def main() -> int:
    files = sys.argv[1:]
    command = [Path(sys.executable).with_name("cfn-lint"), "--include-checks", "I", "--", *files]
    linted = subprocess.run(command, check=False)
    named = [
        f"{file}:{number}: names a partition: {line.strip()}"
        for file in files
        for number, line in enumerate(Path(file).read_text(encoding="utf-8").splitlines(), 1)
        if HARD_CODED.search(line)
    ]
    print("\n".join(named))
    return int(bool(linted.returncode or named))


if __name__ == "__main__":
    sys.exit(main())
