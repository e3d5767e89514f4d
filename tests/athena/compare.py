"""The shipped tables, views and questions on Trino and on DuckDB, over the same lakes: the same rows.

Usage: compare.py TRINO_HOME VERSION WORK

WORK is what tests/it/athena.rs left: `lakes/<lake>/`, the statements of the tables for each engine and of
the views (`trino.sql`, `duckdb.sql`, `views.sql`), the tables' columns (`columns.json`), and
`sql/<lake>/<question>.sql` with every parameter filled in, with the same parameters as literals beside it
(`.json`); and `template.json`, which is deploy/athena.yaml resolved. A question's rows are compared in their order, a
table's or view's, which have none, as they sort. The last line says how much was compared.
"""

import datetime
import decimal
import json
import sys
from collections.abc import Callable
from pathlib import Path

import catalog
import plan
import trail
import trino.exceptions
from engines import SHIPPED_DAYS, Engine, Laptop, relation, statements
from server import Bucket, Trino

# Rows of a difference that are shown.
SHOWN = 3
# What Trino calls the types of Athena's tables.
TYPES = {
    "string": "varchar",
    "bigint": "bigint",
    "int": "integer",
    "boolean": "boolean",
    "timestamp": "timestamp(3)",
    "array<string>": "array(varchar)",
}


def plain(value: object) -> object:
    """A value as both engines' clients would give it."""
    match value:
        case decimal.Decimal():
            return float(value)
        case datetime.datetime():
            # Trino's client gives an instant its zone; the tables have none.
            return value.replace(tzinfo=None)
        case list() | tuple():
            return [plain(entry) for entry in value]
        case dict():
            # A row of Trino's is a struct of DuckDB's.
            return [plain(entry) for entry in value.values()]
        case _:
            return value


def in_order(rows: list[tuple]) -> list[list]:
    return [plain(row) for row in rows]


def sorted_rows(rows: list[tuple]) -> list[list]:
    return sorted(in_order(rows), key=repr)


def apart(expected: list[list], found: list[list]) -> str | None:
    """In what the rows of Trino differ from DuckDB's."""
    if found == expected:
        return None
    pairs = [(at, *pair) for at, pair in enumerate(zip(expected, found)) if pair[0] != pair[1]]
    told = [f"  row {at}\n    DuckDB {one}\n    Trino  {other}" for at, one, other in pairs[:SHOWN]]
    return "\n".join([f"{len(expected)} rows on DuckDB, {len(found)} on Trino", *told])


class Tally:
    """What was compared, and what differed."""

    def __init__(self) -> None:
        self.questions: set[str] = set()
        self.relations: set[str] = set()
        self.rows = 0
        self.differences = 0

    def hold(self, what: str, told: str | None) -> None:
        """Keeps a difference, where there is one."""
        if told is not None:
            self.differences += 1
            print(f"{what}: {told}", flush=True)

    def same(self, what: str, expected: list[list], sql: str, engine: Engine, shaped: Callable) -> None:
        """Asks Trino for the rows that DuckDB has."""
        self.rows += len(expected)
        try:
            self.hold(what, apart(expected, shaped(engine.rows(sql))))
        except trino.exceptions.TrinoQueryError as error:
            self.hold(what, f"Trino fails: {error.message}")


def compare_questions(
    tally: Tally, work: Path, lake: str, engine: Engine, laptop: Laptop, saved: dict[str, str] | None
) -> None:
    """Each question as its file has it, and, where given, as the template saves it, with execution parameters."""
    for file in sorted((work / "sql" / lake).glob("*.sql")):
        what, question = f"{lake}: {file.stem}", file.stem.removesuffix("-example")
        expected = in_order(laptop.rows(file.read_text()))
        tally.same(what, expected, file.read_text(), engine, in_order)
        if saved is not None:
            execution = catalog.execution(saved[question], json.loads(file.with_suffix(".json").read_text()))
            tally.same(f"{what} as it is saved", expected, execution, engine, in_order)
        tally.questions.add(question)
        if question == "who_changed_it" and len(expected) < trail.ANSWERED:
            tally.hold(what, f"{len(expected)} rows, where {trail.ANSWERED} events are to be found")


def compare_views(tally: Tally, lake: str, engine: Engine, views: dict[str, dict]) -> None:
    """What the template says of the views, and what the engine makes of them."""
    made = [name for name in engine.relations if name in views]
    tally.hold(f"{lake}: views of the template", apart(sorted(views), sorted(made)))
    for name in made:
        tally.hold(f"{lake}: columns of {name}", apart(catalog.columns(views[name]), engine.columns(name)))


def compare_relations(tally: Tally, work: Path, lake: str, engine: Engine, laptop: Laptop) -> None:
    tables = json.loads((work / "columns.json").read_text())
    for name in engine.relations:
        names = [column for column, _ in engine.columns(name)]
        sql = f"SELECT {', '.join(names)} FROM {name}"
        tally.same(f"{lake}: {name}", sorted_rows(laptop.rows(sql)), sql, engine, sorted_rows)
        tally.relations.add(name)
    for name, columns in tables.items():
        expected = [[column, TYPES[word]] for column, word in columns] + [["dt", "varchar"]]
        tally.hold(f"{lake}: columns of {name}", apart(expected, engine.columns(name)))


def compare_plans(tally: Tally, work: Path, lake: str, engine: Engine) -> None:
    """The latest views read the newest census's day and no other; `runs` itself says which day that is."""
    [(day,)] = engine.rows("SELECT dt FROM runs_latest")
    for table in json.loads((work / "columns.json").read_text()):
        if table != "runs":
            [(rows,)] = engine.rows(f"SELECT count(*) FROM {table} WHERE dt = '{day}'")
            [(text,)] = engine.rows(f"EXPLAIN ANALYZE SELECT * FROM {table}_latest")
            folder = work / "lakes" / lake / table / f"dt={day}"
            tally.hold(f"{lake}: plan of {table}_latest", plan.beyond_the_day(text, table, folder, rows))


def compare_shipped_days(tally: Tally, work: Path, lake: str, uri: str, server: Trino, laptop: Laptop) -> None:
    """`runs` with its days as they are shipped, up to today."""
    schema = f"{lake}_shipped"
    server.rows(f"CREATE SCHEMA {schema}")
    [runs] = [one for one in statements((work / "trino.sql").read_text()) if relation(one) == "runs"]
    assert SHIPPED_DAYS in runs
    server.use(schema)
    server.rows(runs.replace("${lake}", uri))
    sql = "SELECT run_id, dt FROM runs"
    tally.hold(f"{lake}: runs up to today", apart(sorted_rows(laptop.rows(sql)), sorted_rows(server.rows(sql))))


def compare(work: Path, server: Trino, bucket: Bucket) -> int:
    tally, template = Tally(), catalog.Catalog(work / "template.json")
    lakes = sorted(folder for folder in (work / "lakes").iterdir() if folder.is_dir())
    for folder in lakes:
        lake, uri = folder.name, bucket.upload(folder, folder.name)
        laptop = Laptop(work, folder)
        engine = Engine(server, work, lake, uri, laptop.events)
        # Literals or positions, the statement is the same: one lake tells whether the engine binds them.
        saved = template.questions if folder == lakes[0] else None
        compare_questions(tally, work, lake, engine, laptop, saved)
        compare_views(tally, lake, engine, template.views)
        compare_relations(tally, work, lake, engine, laptop)
        compare_plans(tally, work, lake, engine)
        compare_shipped_days(tally, work, lake, uri, server, laptop)
    print(
        f"athena: {len(tally.questions)} queries and {len(tally.relations)} tables and views on {len(lakes)} lakes, "
        f"{tally.rows} rows, {tally.differences} differences"
    )
    return 0 if tally.differences == 0 and tally.questions and tally.relations else 1


def main() -> int:
    home, version, work = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    bucket = Bucket(Path(sys.executable).with_name("moto_server"))
    try:
        server = Trino(home, version, work / "trino", bucket)
        try:
            return compare(work, server, bucket)
        finally:
            server.stop()
    finally:
        bucket.stop()


if __name__ == "__main__":
    sys.exit(main())
