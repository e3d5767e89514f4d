"""A lake as an outside reader finds it: files by name, rows through DuckDB, pyarrow and pandas.

Nothing here knows the project's code. Every reader gives rows in one form, so that they can be held
against each other: a list is a list, an instant is milliseconds since the epoch, NULL is None.
"""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pyarrow.parquet

import contract

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
DATA_FILE = re.compile(
    rf"(?P<table>\w+)/dt=(?P<dt>\d{{4}}-\d\d-\d\d)/(?P<run>{RUN_ID.pattern})-\d{{5}}\.parquet"
)

# The files' own columns, without `dt`, which DuckDB would add from their paths.
OWN_COLUMNS = "read_parquet($files, hive_partitioning = false)"

Row = dict[str, Any]


class Lake:
    """One run in a lake's folder."""

    def __init__(self, root: Path, run_id: str | None = None):
        self.root = root
        self.run_id = run_id or self._only_run()

    def _only_run(self) -> str:
        """The run of the lake, where there is one: committed, so that it stands in `runs`."""
        committed = {
            match["run"]
            for path in self.root.glob("runs/*/*.parquet")
            if (match := DATA_FILE.fullmatch(self.key(path)))
        }
        if len(committed) != 1:
            raise SystemExit(f"{self.root}: expected one committed run, found {sorted(committed)}; use --run")
        return committed.pop()

    @property
    def date(self) -> str:
        """The run's UTC date, which is its partition."""
        return f"{self.run_id[:4]}-{self.run_id[4:6]}-{self.run_id[6:8]}"

    def key(self, path: Path) -> str:
        """A file's key: its path in the lake."""
        return path.relative_to(self.root).as_posix()

    def files(self, table: str) -> list[Path]:
        """The run's files of a table."""
        return sorted(self.root.glob(f"{table}/dt=*/{self.run_id}-*.parquet"))

    def data_files(self) -> list[Path]:
        """The run's files of every table of the contract."""
        return [path for table in contract.TABLES for path in self.files(table)]

    def manifest_path(self) -> Path:
        return self.root / "manifests" / f"{self.run_id}.json"

    def manifest(self) -> Any:
        return json.loads(self.manifest_path().read_bytes())

    def segments(self) -> list[Path]:
        """The run's observation log: the organization's file and one an account."""
        return sorted((self.root / "observations" / self.run_id).glob("*.jsonl.zst"))

    # Rows, by three readers

    def rows(self, table: str) -> list[Row]:
        """The table's rows, as DuckDB reads them."""
        files = [str(path) for path in self.files(table)]
        if not files:
            return []
        columns = contract.TABLES[table]
        selected = ", ".join(select_column(column) for column in columns)
        answer = duckdb.execute(f"SELECT {selected} FROM {OWN_COLUMNS}", {"files": files})
        names = [column.name for column in columns]
        return [dict(zip(names, values, strict=True)) for values in answer.fetchall()]

    def rows_by_arrow(self, table: str) -> list[Row]:
        """The table's rows, as pyarrow reads them."""
        rows = [row for path in self.files(table) for row in read_arrow(path).to_pylist()]
        return [{name: plain(value) for name, value in row.items()} for row in rows]

    def rows_by_pandas(self, table: str) -> list[Row]:
        """The table's rows, as pandas reads them."""
        rows: list[Row] = []
        for path in self.files(table):
            # `partitioning` off: the file's own columns, without `dt` from the path.
            frame = pandas.read_parquet(path, dtype_backend="pyarrow", partitioning=None)
            columns = {name: [plain(value) for value in frame[name]] for name in frame.columns}
            rows += [
                {name: values[number] for name, values in columns.items()} for number in range(len(frame))
            ]
        return rows

    def duckdb_types(self, table: str) -> dict[str, str]:
        """The table's columns and types, as DuckDB sees them."""
        files = [str(path) for path in self.files(table)]
        answer = duckdb.execute(f"DESCRIBE SELECT * FROM {OWN_COLUMNS}", {"files": files})
        return {name: type for name, type, *_ in answer.fetchall()}

    def partitions(self, table: str) -> set[str]:
        """The values of `dt` that DuckDB reads from the paths, of this run's rows."""
        answer = duckdb.execute(
            "SELECT DISTINCT dt FROM read_parquet($glob, hive_partitioning = true, "
            "hive_types_autocast = false) WHERE run_id = $run",
            {"glob": f"{self.root}/{table}/dt=*/*.parquet", "run": self.run_id},
        )
        return {dt for (dt,) in answer.fetchall()}


def read_arrow(path: Path) -> pyarrow.Table:
    """One file, and nothing that its path might add."""
    return pyarrow.parquet.ParquetFile(path).read()


def select_column(column: contract.Column) -> str:
    """The SQL that reads a column in the common form."""
    name = f'"{column.name}"'
    return f"epoch_ms({name}) AS {name}" if column.type == contract.TIMESTAMP else name


def plain(value: Any) -> Any:
    """A reader's value in the common form."""
    if value is None or value is pandas.NA or value is pandas.NaT:
        return None
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(milliseconds=1)
    if hasattr(value, "tolist"):
        return value.tolist()
    return value


def sha256_of(path: Path) -> str:
    """The lower-case hex SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
