"""Expected values: how the seeder writes them down, and how the comparison reads them.

A truth is JSON. Most expected values are plain and must be equal; the few that cannot be are one of
the matchers below, so that what is loose about an expectation is visible in the truth itself.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(instant: datetime | None) -> Any:
    """An instant that the service gave with microseconds; the lake keeps milliseconds.

    Whether the rest is cut off or rounded is nobody's promise, hence one millisecond of play.
    """
    return None if instant is None else {"$at": milliseconds(instant), "$play": 1}


def any_of(*values: Any) -> Any:
    """One of several values, where the contract leaves the choice."""
    return {"$any_of": list(values)}


def within_run() -> Any:
    """An instant between the run's start and its end."""
    return {"$within_run": True}


def at_least(number: int) -> Any:
    """A count that has a floor only."""
    return {"$at_least": number}


def milliseconds(instant: datetime) -> int:
    """Milliseconds since the epoch, cut off."""
    return (instant - EPOCH) // timedelta(milliseconds=1)


def sha256(text: str | bytes) -> str:
    """The lower-case hex SHA-256 of a text."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def matches(expected: Any, got: Any, run: dict[str, Any]) -> bool:
    """Whether a value is what the truth expects."""
    if not isinstance(expected, dict):
        # Python takes True for 1; the lake does not.
        return expected == got and isinstance(expected, bool) == isinstance(got, bool)
    if "$any_of" in expected:
        return any(matches(value, got, run) for value in expected["$any_of"])
    if got is None:
        return False
    if "$at" in expected:
        return abs(got - expected["$at"]) <= expected["$play"]
    if "$within_run" in expected:
        return run["started_at"] <= got <= run["finished_at"]
    if "$at_least" in expected:
        return got >= expected["$at_least"]
    raise ValueError(f"no such matcher: {expected}")
