"""Differences, collected and printed so that one glance says what is wrong and where."""

from typing import Any


class Report:
    """What was found to differ from what was expected."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def differs(self, table: str, key: Any, column: str, expected: Any, got: Any) -> None:
        """Adds a difference."""
        self.lines.append(
            f"{table}  {shown_key(key)}  {column}\n"
            f"    expected  {shown(expected)}\n"
            f"    got       {shown(got)}"
        )

    def expect(self, table: str, key: Any, column: str, expected: Any, got: Any) -> None:
        """Adds a difference where two values are not equal."""
        if expected != got:
            self.differs(table, key, column, expected, got)

    @property
    def clean(self) -> bool:
        return not self.lines

    def __str__(self) -> str:
        return "\n".join([*self.lines, f"{len(self.lines)} differences"])


def shown_key(key: Any) -> str:
    """A row's key in a line."""
    return " ".join(str(part) for part in key) if isinstance(key, tuple) else str(key)


def shown(value: Any) -> str:
    """A value, cut where it would drown the rest."""
    text = repr(value)
    return text if len(text) <= 600 else f"{text[:600]}… ({len(text)} characters)"
