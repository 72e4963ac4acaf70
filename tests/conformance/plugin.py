"""pytest's side of the proof: ``@pytest.mark.scim("A042")`` says which line a test holds.

``--conformance=write`` writes the page from a run's results, ``--conformance=check`` fails
where the page is another or a line is not held.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

from . import table

MARKER = 'scim("A042", ...): the lines of tests/conformance/checklist.txt that the test holds'
evidence_key = pytest.StashKey[dict[str, table.Evidence]]()
said_key = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--conformance", choices=["write", "check"], help="the conformance page")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    config.stash[evidence_key] = defaultdict(table.Evidence)
    config.stash[said_key] = []
    config.pluginmanager.register(Recorder(config), "scim-conformance")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hand the lines of each test to its reports; they travel between processes."""
    known = table.lines()
    for item in items:
        for mark in item.iter_markers("scim"):
            if unknown := [id for id in mark.args if id not in known]:
                raise pytest.UsageError(f"{item.nodeid} names {unknown}, which is no line.")
            item.user_properties += [("scim", id) for id in mark.args]


class Recorder:
    """Collects the outcomes, and judges them at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            return
        test = report.nodeid.partition("[")[0].removeprefix("tests/")
        for name, id in report.user_properties:
            if name == "scim":
                self.config.stash[evidence_key][id].add(test, report.outcome)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        wanted = self.config.getoption("conformance")
        if not wanted or hasattr(self.config, "workerinput"):
            return
        evidence, said = self.config.stash[evidence_key], self.config.stash[said_key]
        said += table.faults(table.results(evidence))
        page = table.document(evidence)
        if wanted == "write":
            table.DOCUMENT.write_text(page, encoding="utf-8")
        elif table.DOCUMENT.read_text(encoding="utf-8") != page:
            said.append("docs/conformance.md is not current: run manage.py conformance.")
        if said and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for text in self.config.stash[said_key]:
            terminalreporter.write_line(f"CONFORMANCE {text}", red=True)
