"""What deploy/athena.yaml tells AWS Glue and Athena, as tests/python/template.py resolves it.

Glue does not find out a view's columns by itself, and Athena trusts what it is told; so what the template
says is held against what the engine makes of the same views, and its saved questions are asked.
"""

import base64
import json
from pathlib import Path

from trail import literal

PREFIX, SUFFIX = "/* Presto View: ", " */"


class Catalog:
    """The template's views and questions."""

    def __init__(self, template: Path):
        resources = json.loads(template.read_text())["Resources"].values()
        tables = [it["Properties"]["TableInput"] for it in resources if it["Type"] == "AWS::Glue::Table"]
        self.views = {it["Name"]: view(it) for it in tables if it["TableType"] == "VIRTUAL_VIEW"}
        named = [it["Properties"] for it in resources if it["Type"] == "AWS::Athena::NamedQuery"]
        self.questions = {it["Name"]: it["QueryString"] for it in named}


def view(table: dict) -> dict:
    """The definition that Athena reads of a view."""
    text = table["ViewOriginalText"]
    assert text.startswith(PREFIX) and text.endswith(SUFFIX), text[:40]
    return json.loads(base64.b64decode(text.removeprefix(PREFIX).removesuffix(SUFFIX)))


def columns(definition: dict) -> list[list[str]]:
    """A view's columns in order, each with its type."""
    return [[column["name"], column["type"]] for column in definition["columns"]]


def execution(question: str, arguments: list[str]) -> str:
    """The statement by which Trino takes a question with execution parameters."""
    using = f" USING {', '.join(arguments)}" if arguments else ""
    return f"EXECUTE IMMEDIATE {literal(question)}{using}"
