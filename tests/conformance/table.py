"""The checklist, the decisions about it, and the table of what holds each line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from scim_provisioning import conf
from scim_provisioning.http.discovery import service_provider_config

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "conformance.md"
SECTIONS = {
    "A": "Protocol (RFC 7644)",
    "B": "Schema (RFC 7643)",
    "C": "Cursor pagination (RFC 9865)",
    "J": "Errata",
}
EVERY = "every"
UNTESTED = ("declined", "documented")
"""What a decision may say instead of a test."""


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement; ``feature`` is what ServiceProviderConfig has to advertise for it."""

    id: str
    where: str
    level: str
    statement: str
    feature: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Why a line is not held, or not in every profile."""

    profiles: str
    reason: str


@dataclass
class Evidence:
    """The tests that are marked with a line, and how they went."""

    tests: dict[str, set[str]] = field(default_factory=dict)

    def add(self, test: str, outcome: str) -> None:
        self.tests.setdefault(test, set()).add(outcome)

    @property
    def outcomes(self) -> Set[str]:
        return set().union(*self.tests.values())


def _rows(name: str) -> Iterable[list[str]]:
    for text in (HERE / name).read_text(encoding="utf-8").splitlines():
        if text.strip() and not text.startswith("#"):
            yield [part.strip() for part in text.split(" | ")]


def lines() -> dict[str, Line]:
    """Return the checklist by id, in its order."""
    return {row[0]: Line(*row) for row in _rows("checklist.txt")}


def decisions() -> dict[str, Decision]:
    """Return what was decided, by id."""
    found = {}
    for id, kind, *rest in _rows("decisions.txt"):
        found[id] = Decision(*rest) if kind == "profiles" else Decision(kind, rest[0])
    return found


def offered() -> set[str]:
    """Return the features that ServiceProviderConfig advertises."""
    document = service_provider_config(conf.current())
    flags = {"bulk": document["bulk"]["supported"], "cursor": document["pagination"]["cursor"]}
    return {name for name, on in flags.items() if on}


def result(line: Line, evidence: Evidence, decision: Decision | None, features: Set[str]) -> str:
    """Return ``held``, ``failed``, ``declined``, ``not offered``, or ``open``."""
    if "failed" in evidence.outcomes:
        return "failed"
    if "passed" in evidence.outcomes:
        return "held"
    if line.feature and line.feature not in features:
        return "not offered"
    return decision.profiles if decision and decision.profiles in UNTESTED else "open"


def faults(results: Mapping[str, str]) -> list[str]:
    """Return what is wrong: a MUST that is not held, a SHOULD that is neither held nor declined."""
    known, found = lines(), []
    for id, outcome in results.items():
        level = known[id].level
        fine = {"held", "not offered"} | (set() if level == "MUST" else {"declined", "documented"})
        if outcome == "failed" or (level in ("MUST", "SHOULD") and outcome not in fine):
            found.append(f"{id} ({level}) is {outcome}: {known[id].statement}.")
    return found


def results(evidence: Mapping[str, Evidence]) -> dict[str, str]:
    """Return the result of every line."""
    decided, features = decisions(), offered()
    return {
        id: result(line, evidence.get(id, Evidence()), decided.get(id), features)
        for id, line in lines().items()
    }


def document(evidence: Mapping[str, Evidence]) -> str:
    """Return the page: every line with its level, its profiles, its tests and its result."""
    outcomes, decided = results(evidence), decisions()
    parts = [HEAD, _summary(outcomes)]
    for letter, title in SECTIONS.items():
        parts.append(f"## {title}\n\n{COLUMNS}")
        parts += [
            _row(line, evidence.get(id, Evidence()), decided.get(id), outcomes[id])
            for id, line in lines().items()
            if id.startswith(letter)
        ]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


HEAD = """# Conformance

What RFC 7643, 7644 and 9865 and their verified errata ask of a service provider, and the tests that show it.
`python3 manage.py conformance` runs them and writes this page; the whole test run fails where the page is not
what the tests say, where a MUST has no passing test, or a SHOULD is neither held nor declined for a reason.
Where a line is held in some profiles only, the page says which, and why the others depart from it.
"""
COLUMNS = "| Line | Where | Level | What holds | Profiles | Tests | Result |\n|---|---|---|---|---|---|---|"


def _summary(outcomes: Mapping[str, str]) -> str:
    known = lines()
    levels = ("MUST", "SHOULD", "MAY", "NOTE")
    kinds = ("held", "declined", "documented", "not offered", "open", "failed")
    rows = [f"| Level | {' | '.join(kinds)} |", "|---|" + "---|" * len(kinds)]
    for level in levels:
        counted = [o for id, o in outcomes.items() if known[id].level == level]
        rows.append(f"| {level} | {' | '.join(str(counted.count(k)) for k in kinds)} |")
    return "\n".join(rows) + "\n"


def _row(line: Line, evidence: Evidence, decision: Decision | None, outcome: str) -> str:
    profiles = decision.profiles if decision else EVERY
    if outcome in ("not offered", "open", *UNTESTED):
        profiles = ""
    said = f"{outcome}: {decision.reason}" if decision else outcome
    tests = "<br>".join(f"`{test}`" for test in sorted(evidence.tests))
    cells = (line.id, line.where, line.level, line.statement, profiles, tests, said)
    return f"| {' | '.join(cell.replace('|', '¦') for cell in cells)} |"
