"""Makes what athena.yaml describes by Glue's and Athena's own APIs, and reads it back as an analyst would.

`athena_template.py ENDPOINT` wants moto there, whose CloudFormation has none of the three types. botocore holds
every property against the services' models on the way. What is expected comes from queries/, and not from the
code that writes the template: a view's text and columns from queries/schema/views.sql, the questions from their
files.
"""

import base64
import json
import re
import sys
from pathlib import Path

from deploy_templates import DEPLOY, MOTO, client
from template import GIVEN, Resolver, load

QUERIES = Path(__file__).parents[2] / "queries"
VIEW = re.compile(r"^CREATE OR REPLACE VIEW (\w+) AS\n(.*?);$", re.S | re.M)
TEXT = re.compile(r"/\* Presto View: ([A-Za-z0-9+/]+=*) \*/")
# What Hive calls it, and what Trino does.
TRINO = {"string": "varchar", "int": "integer", "timestamp": "timestamp(3)", "array<string>": "array(varchar)"}


class Wrong(Exception):
    """Something there that is not as the repository says."""


def held(what: str, said, meant) -> None:
    """Ends where two things differ."""
    if said != meant:
        raise Wrong(f"{what}: found {said!r}, expected {meant!r}")


def of_type(resources: dict, kind: str) -> list[dict]:
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]


def make(endpoint: str, parameters: dict, resources: dict) -> None:
    """Creates the database, the workgroup, and all that the template has."""
    glue, athena = client(endpoint, "glue"), client(endpoint, "athena")
    glue.create_database(DatabaseInput={"Name": parameters["DatabaseName"]})
    athena.create_work_group(Name=parameters["WorkGroup"])
    for table in of_type(resources, "AWS::Glue::Table"):
        glue.create_table(**table)
    for query in of_type(resources, "AWS::Athena::NamedQuery"):
        athena.create_named_query(**query)


def pages(ask, key: str, **arguments) -> list:
    """Every page of a listing."""
    answer = ask(**arguments)
    found = answer[key]
    while answer.get("NextToken"):
        answer = ask(**arguments, NextToken=answer["NextToken"])
        found += answer[key]
    return found


def selected(sql: str) -> list[str]:
    """The names that a view's SELECT gives out, an item a line."""
    items = sql.split("\nFROM ")[0].removeprefix("SELECT\n").split(",\n")
    return [re.split(r"[ .]", item.strip())[-1] for item in items]


def view(table: dict, sql: str, database: str) -> None:
    """Holds a view against its text in views.sql."""
    name = table["Name"]
    definition = json.loads(base64.b64decode(TEXT.fullmatch(table["ViewOriginalText"])[1], validate=True))
    columns = table["StorageDescriptor"]["Columns"]
    held(f"{name}: keys", sorted(definition), ["catalog", "columns", "originalSql", "schema"])
    held(f"{name}: SQL", definition["originalSql"], sql)
    held(f"{name}: place", (definition["catalog"], definition["schema"]), ("awsdatacatalog", database))
    held(f"{name}: columns", [column["Name"] for column in columns], selected(sql))
    typed = [{"name": it["Name"], "type": TRINO.get(it["Type"], it["Type"])} for it in columns]
    held(f"{name}: types", definition["columns"], typed)
    held(f"{name}: flag", table["Parameters"], {"presto_view": "true", "comment": "Presto View"})
    held(f"{name}: expanded", table["ViewExpandedText"], "/* Presto View */")
    held(f"{name}: serde", "SerdeInfo" in table["StorageDescriptor"], True)


def table(table: dict, lake: str) -> None:
    """Holds a table's projection against where the lake has its files."""
    name, parameters = table["Name"], table["Parameters"]
    held(f"{name}: template", parameters["storage.location.template"], f"{lake}/{name}/dt=${{dt}}/")
    held(f"{name}: location", table["StorageDescriptor"]["Location"], f"{lake}/{name}/")
    held(f"{name}: range", parameters["projection.dt.range"], "2026-11-20,NOW")


def question(query: dict, database: str) -> None:
    """Holds a saved question against its file."""
    name, text = query["Name"], query["QueryString"]
    (file,) = QUERIES.glob(f"*/{name}.sql")
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("--")]
    asked = re.findall(r"\$\{(\w+)\}", "\n".join(lines))
    held(f"{name}: statement", [line for line in text.splitlines() if not line.startswith("--")],
         re.sub(r"\$\{\w+\}", "?", "\n".join(lines)).splitlines())
    held(f"{name}: left open", "${" in text, False)
    held(f"{name}: question marks", text.count("?"), len(asked))
    said = re.search(r"Parameters by position: (.*?)\.", query["Description"])
    positions = [tuple(it.split(" ")) for it in said[1].split(", ")] if said else []
    held(f"{name}: positions", positions, [(str(at), it) for at, it in enumerate(asked, 1)])
    held(f"{name}: database", query["Database"], database)


def main() -> None:
    endpoint = sys.argv[1]
    whole = Resolver(load(DEPLOY / "athena.yaml"), {**GIVEN, "FirstNight": "2026-11-20"}, MOTO).whole()
    parameters, resources = whole["Parameters"], whole["Resources"]
    make(endpoint, parameters, resources)
    glue, athena = client(endpoint, "glue"), client(endpoint, "athena")
    database = parameters["DatabaseName"]
    expected = dict(VIEW.findall((QUERIES / "schema/views.sql").read_text(encoding="utf-8")))

    tables = {it["Name"]: it for it in pages(glue.get_tables, "TableList", DatabaseName=database)}
    views = {name: it for name, it in tables.items() if it["TableType"] == "VIRTUAL_VIEW"}
    held("views", sorted(views), sorted(expected))
    for name, it in views.items():
        view(it, expected[name], database)
    for it in tables.values():
        if it["Name"] not in views:
            table(it, parameters["LakeUri"])

    ids = pages(athena.list_named_queries, "NamedQueryIds", WorkGroup=parameters["WorkGroup"])
    questions = [athena.get_named_query(NamedQueryId=it)["NamedQuery"] for it in ids]
    files = [file.stem for file in QUERIES.glob("*/*.sql") if file.parent.name != "schema"]
    held("questions", sorted(it["Name"] for it in questions), sorted(files))
    for it in questions:
        question(it, database)
    print(f"{len(tables) - len(views)} tables, {len(views)} views, {len(questions)} questions")


if __name__ == "__main__":
    main()
