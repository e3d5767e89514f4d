"""One lake on each engine, through the statements that are shipped for it.

DuckDB reads the folder, Trino the same files in a bucket. Both are asked in the same words.
"""

from pathlib import Path

import duckdb
import trail
from server import Trino

# As the tables are shipped, their days go from before any lake to today, each a listing. What is compared
# does not depend on the day that it is compared on, so that the days are pinned around the lakes.
SHIPPED_DAYS = "ARRAY['2026-01-01', 'NOW']"
DAYS = "ARRAY['2026-10-15', '2026-11-30']"


def statements(text: str) -> list[str]:
    """The statements of a generated file: each ends with a semicolon at the end of a line."""
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [one.strip() for one in ("\n".join(lines) + "\n").split(";\n") if one.strip()]


def relation(statement: str) -> str:
    """The name of the table or view that a statement makes."""
    words = statement.split("(")[0].split()
    kind = next(at for at, word in enumerate(words) if word in ("TABLE", "VIEW"))
    skipped = 4 if words[kind + 1 : kind + 4] == ["IF", "NOT", "EXISTS"] else 1
    return words[kind + skipped]


def pinned(statement: str) -> str:
    """A table's statement with its days pinned."""
    if statement.startswith("CREATE TABLE") and SHIPPED_DAYS not in statement:
        raise SystemExit(f"a table of other days than {SHIPPED_DAYS}:\n{statement}")
    return statement.replace(SHIPPED_DAYS, DAYS)


class Laptop:
    """DuckDB over one lake."""

    def __init__(self, work: Path, lake: Path):
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute("SET VARIABLE lake = ?", [str(lake)])
        for file in ("duckdb.sql", "views.sql"):
            for statement in statements((work / file).read_text()):
                self.connection.execute(statement)
        self.events = trail.events(self.rows)
        self.connection.execute(trail.on_duckdb(self.events))

    def rows(self, sql: str) -> list[tuple]:
        return self.connection.execute(sql).fetchall()


class Engine:
    """Trino over one lake, in a schema of its own."""

    def __init__(self, server: Trino, work: Path, schema: str, uri: str, events: list[trail.Event]):
        self.server = server
        self.schema = schema
        self.relations = []
        server.rows(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        server.use(schema)
        for file in ("trino.sql", "views.sql"):
            for statement in statements((work / file).read_text()):
                server.rows(pinned(statement).replace("${lake}", uri))
                self.relations.append(relation(statement))
        server.rows(trail.on_trino(events))

    def rows(self, sql: str) -> list[tuple]:
        self.server.use(self.schema)
        return self.server.rows(sql)

    def columns(self, name: str) -> list[list[str]]:
        """A relation's columns in order, each with its type."""
        return [list(row[:2]) for row in self.rows(f"DESCRIBE {name}")]
