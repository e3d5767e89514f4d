"""Holds Dockerfiles against hadolint, which the environment's package brings as a binary.

`lint_dockerfile.py FILE…` ends 1 where hadolint has anything to say, stylistic matters too, or where a file
turns one of its rules off.
"""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    files = sys.argv[1:]
    silent = [file for file in files if "hadolint ignore" in Path(file).read_text(encoding="utf-8")]
    for file in silent:
        print(f"{file}: turns a rule of hadolint off")
    hadolint = Path(sys.executable).with_name("hadolint")
    command = [hadolint, "--no-color", "--failure-threshold", "style", *files]
    return int(bool(subprocess.run(command, check=False).returncode or silent))


if __name__ == "__main__":
    sys.exit(main())
