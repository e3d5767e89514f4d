"""The parameters of the templates as deploy/README.md lists them, and every parameter that a command there names.

`deploy_readme.py` ends 1 where the list is stale, where a command gives a template what it does not take, sends a
large one without a bucket, or asks a saved question with too few or too many values; `deploy_readme.py --write`
writes the list.
"""

import re
import sys
from pathlib import Path

from lint_templates import LARGEST
from template import load

DEPLOY = Path(__file__).parents[2] / "deploy"
README = DEPLOY / "README.md"
START, END = "<!-- generated: parameters -->", "<!-- end -->"


def listed() -> str:
    """A table of parameters a template."""
    text = []
    for path in sorted(DEPLOY.glob("*.yaml")):
        text += [f"### {path.name}", "", "| parameter | default | meaning |", "|---|---|---|"]
        for name, parameter in load(path)["Parameters"].items():
            default = parameter.get("Default")
            shown = "none: must be given" if default is None else f"`{default}`" if default != "" else "empty"
            allowed = parameter.get("AllowedValues")
            of = f" ({', '.join(f'`{value}`' for value in allowed)})" if allowed else ""
            text.append(f"| `{name}` | {shown} | {parameter['Description']}{of} |")
        text.append("")
    return "\n".join(text)


def commands(text: str) -> list[str]:
    """What the commands of the README get wrong."""
    wrong = []
    joined = re.sub(r"\\\n\s*", " ", text)
    for line in re.findall(r"^.*(?:--template-file|--template-body).*$", joined, re.M):
        template = re.search(r"deploy/([\w-]+\.yaml)", line)[1]
        known = set(load(DEPLOY / template)["Parameters"])
        required = {name for name, it in load(DEPLOY / template)["Parameters"].items() if "Default" not in it}
        overrides = line.split("--parameter-overrides")[-1] if "--parameter-overrides" in line else ""
        given = set(re.findall(r"(?:^| )(\w+)=", overrides)) | set(re.findall(r"ParameterKey=(\w+)", line))
        wrong += [f"README.md: {template} has no parameter {name}" for name in sorted(given - known)]
        # An update may leave out what the stack has.
        if "ScheduleState=ENABLED" not in line:
            wrong += [f"README.md: {template} wants {name}" for name in sorted(required - given)]
        if (DEPLOY / template).stat().st_size > LARGEST and "--s3-bucket " not in line:
            wrong.append(f"README.md: {template} is larger than a request may carry: deploy it by --s3-bucket")
    return wrong


def questions(text: str) -> list[str]:
    """What the commands that ask a saved question get wrong."""
    saved = {it["Properties"]["Name"]: it["Properties"]["QueryString"].count("?")
             for it in load(DEPLOY / "athena.yaml")["Resources"].values() if it["Type"] == "AWS::Athena::NamedQuery"}
    asked = [(name, rest.count('"') // 2) for name, rest in re.findall(r"^question (\w+)([^#\n]*)", text, re.M)]
    wrong = [f"README.md: question {name} with {values} values: it takes {saved.get(name, 'none of that name')}"
             for name, values in asked if saved.get(name) != values]
    return wrong if asked else ["README.md: asks no saved question"]


def main() -> int:
    old = README.read_text(encoding="utf-8")
    before, rest = old.split(START)
    _, after = rest.split(END)
    new = f"{before}{START}\n\n{listed().strip()}\n\n{END}{after}"
    if "--write" in sys.argv:
        README.write_text(new, encoding="utf-8")
        old = new
    wrong = commands(old) + questions(old)
    if new != old:
        wrong.append("README.md is stale: write it with ATREST_BLESS=1 cargo test generated")
    print("\n".join(wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
