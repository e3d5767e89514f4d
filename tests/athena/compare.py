"""Every shipped query on Trino and on DuckDB, over the same lakes: the same rows in the same order.

Usage: compare.py TRINO_HOME VERSION WORK

WORK is what tests/it/athena.rs left: `lakes/<lake>/`, the statements of the tables for each engine and of
the views (`trino.sql`, `duckdb.sql`, `views.sql`), and `sql/<lake>/<query>.sql` with every parameter filled in.
"""

import datetime
import decimal
import sys
from pathlib import Path

import duckdb
import trino.exceptions
from server import Bucket, Trino

# Rows of a difference that are shown.
SHOWN = 3


def statements(text: str) -> list[str]:
    """The statements of a generated file: each ends with a semicolon at the end of a line."""
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [one.strip() for one in ("\n".join(lines) + "\n").split(";\n") if one.strip()]


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
        case _:
            return value


def plain_rows(rows: list[tuple]) -> list[list]:
    return [[plain(value) for value in row] for row in rows]


class Laptop:
    """DuckDB over one lake."""

    def __init__(self, work: Path, lake: Path):
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute("SET VARIABLE lake = ?", [str(lake)])
        for file in ("duckdb.sql", "views.sql"):
            for statement in statements((work / file).read_text()):
                self.connection.execute(statement)

    def rows(self, sql: str) -> list[tuple]:
        return self.connection.execute(sql).fetchall()


class Engine:
    """Trino over one lake, in a schema of its own."""

    def __init__(self, server: Trino, work: Path, name: str, uri: str):
        self.server = server
        self.schema = name.replace("-", "_")
        self.server.rows(f"CREATE SCHEMA IF NOT EXISTS {self.schema}")
        self.server.use(self.schema)
        for file in ("trino.sql", "views.sql"):
            for statement in statements((work / file).read_text()):
                self.server.rows(statement.replace("${lake}", uri))

    def rows(self, sql: str) -> list[tuple]:
        self.server.use(self.schema)
        return self.server.rows(sql)


def difference(engine: Engine, laptop: Laptop, sql: str) -> tuple[int, str | None]:
    """The rows that DuckDB has, and in what Trino differs."""
    expected = plain_rows(laptop.rows(sql))
    try:
        found = plain_rows(engine.rows(sql))
    except trino.exceptions.TrinoUserError as error:
        return len(expected), f"Trino refuses it: {error.message}"
    if found == expected:
        return len(expected), None
    apart = [(at, *pair) for at, pair in enumerate(zip(expected, found)) if pair[0] != pair[1]]
    told = [f"  row {at}\n    DuckDB {one}\n    Trino  {other}" for at, one, other in apart[:SHOWN]]
    return len(expected), "\n".join([f"{len(expected)} rows on DuckDB, {len(found)} on Trino", *told])


def compare(work: Path, server: Trino, bucket: Bucket) -> int:
    queries, rows, differences = set(), 0, 0
    lakes = sorted(folder for folder in (work / "lakes").iterdir() if folder.is_dir())
    for lake in lakes:
        laptop = Laptop(work, lake)
        engine = Engine(server, work, lake.name, bucket.upload(lake, lake.name))
        for file in sorted((work / "sql" / lake.name).glob("*.sql")):
            count, told = difference(engine, laptop, file.read_text())
            queries.add(file.stem)
            rows += count
            if told is not None:
                differences += 1
                print(f"{lake.name}: {file.stem}: {told}")
    print(f"athena: {len(queries)} queries, {len(lakes)} lakes, {rows} rows, {differences} differences")
    return 1 if differences or not queries or not lakes else 0


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
