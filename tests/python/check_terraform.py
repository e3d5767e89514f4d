"""Holds the Terraform module against the templates that it deploys, and against Terraform's own format.

`check_terraform.py` parses deploy/terraform with python-hcl2. Every template must be deployed, in the request or
by way of an object in a bucket, every file that is named must be there, every parameter must be one of the
template's, and a StackSet must be given all of them, for the provider asks for that. Formatting is `terraform fmt` where there is a terraform; without one, what can
be said of it line by line: two spaces a block, equals signs aligned, no tabs and no trailing space.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import hcl2

from lint_templates import LARGEST
from template import load

DEPLOY = Path(__file__).parents[2] / "deploy"
MODULE = DEPLOY / "terraform"
ASSIGNMENT = re.compile(r"^(\s*)([\w.\"-]+)( +)= ")


def plain(text: str) -> str:
    """A string or a name without the quotes that the parser keeps."""
    return text.strip('"')


def formatted(file: Path) -> list[str]:
    """What is not in canonical form, as far as single lines and their neighbours tell."""
    wrong, depth, run = [], 0, []

    def close() -> None:
        columns = {column for _, column in run}
        if len(columns) > 1:
            wrong.append(f"{file.name}:{run[0][0]}: the equals signs from here on are not aligned")
        run.clear()

    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if "\t" in line or line != line.rstrip():
            wrong.append(f"{file.name}:{number}: a tab, or space at the end")
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line.split("#")[0])
        opened, closed = len(re.findall(r"[\[{(]", code)), len(re.findall(r"[\]})]", code))
        leading = len(re.match(r"^[\]})]*", code.strip())[0])
        if line.strip() and len(line) - len(line.lstrip()) != 2 * (depth - min(leading, 1)):
            wrong.append(f"{file.name}:{number}: not two spaces a level")
        depth += (opened > closed) - (closed > opened)
        assignment = ASSIGNMENT.match(line)
        if assignment and opened == closed:
            run.append((number, assignment.end()))
        else:
            close()
    close()
    return wrong


def blocks(kind: str) -> list[tuple[str, str, dict]]:
    """Blocks of the module as (type, name, body)."""
    found = []
    for file in sorted(MODULE.glob("*.tf")):
        for entry in hcl2.loads(file.read_text(encoding="utf-8")).get(kind, []):
            for first, rest in entry.items():
                if kind == "resource":
                    found += [(plain(first), plain(name), body) for name, body in rest.items()]
                elif not first.startswith("__"):
                    found.append((kind, plain(first), rest))
    return found


def parameters(name: str) -> set[str]:
    """The keys that a local map of parameters is merged from."""
    text = (MODULE / "main.tf").read_text(encoding="utf-8")
    body = re.search(rf"^  {name} = merge\(\{{\n(.*?)^  \}}, var\.{name}\)", text, re.S | re.M)
    if not body:
        raise SystemExit(f"main.tf has no map {name} that var.{name} adds to")
    return set(re.findall(r"^    (\w+) += ", body[1], re.M))


def template_of(body: dict, objects: dict[str, str]) -> str | None:
    """The template that a resource deploys; none where it is no stack."""
    if "template_url" in body:
        source = objects[re.search(r"aws_s3_object\.(\w+)\.key", str(body["template_url"]))[1]]
    else:
        source = body.get("template_body")
    return re.search(r"\.\./([\w-]+\.yaml)", str(source))[1] if source else None


def deployed() -> list[str]:
    """What is wrong with what the module deploys."""
    wrong, seen = [], set()
    objects = {name: str(body["source"]) for kind, name, body in blocks("resource") if kind == "aws_s3_object"}
    for kind, name, body in blocks("resource"):
        template = template_of(body, objects)
        if not template:
            continue
        if "template_body" in body and (DEPLOY / template).stat().st_size > LARGEST:
            wrong.append(f"{name}: {template} is larger than a request may carry: deploy it by template_url")
        seen.add(template)
        known = set(load(DEPLOY / template)["Parameters"])
        given = parameters(re.search(r"local\.(\w+)", str(body["parameters"]))[1])
        required = known if kind == "aws_cloudformation_stack_set" else set()
        required |= {it for it in known if "Default" not in load(DEPLOY / template)["Parameters"][it]}
        wrong += [f"{name}: {template} has no parameter {it}" for it in sorted(given - known)]
        wrong += [f"{name}: {template} wants the parameter {it}" for it in sorted(required - given)]
    wrong += [f"nothing deploys {it}" for it in sorted({path.name for path in DEPLOY.glob("*.yaml")} - seen)]
    return wrong


def main() -> int:
    files = sorted(MODULE.glob("*.tf"))
    wrong = [complaint for file in files for complaint in formatted(file)]
    if terraform := shutil.which("terraform"):
        run = subprocess.run([terraform, "fmt", "-check", "-diff", MODULE], capture_output=True, text=True, check=False)
        wrong += [run.stdout + run.stderr] if run.returncode else []
    else:
        print("no terraform here: its format is checked line by line alone")
    names = {name for _, name, _ in blocks("variable")}
    used = set(re.findall(r"\bvar\.(\w+)", "".join(file.read_text(encoding="utf-8") for file in files)))
    wrong += [f"variable {name} is declared or used alone" for name in sorted(names ^ used)]
    wrong += deployed()
    print("\n".join(wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
