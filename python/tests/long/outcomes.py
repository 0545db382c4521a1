"""A plugin for pytest that writes one line a test: its outcome, a tab, its id; and that can run some ids alone.

An id is chosen after everything was collected: asked for by its path it would have another id, from which suites seed tests.
"""

import pytest


def pytest_addoption(parser):
    parser.addoption("--outcomes", default=None, help="File for the outcome of every test")
    parser.addoption("--only", default=None, help="File of the ids that are run, one a line")


class _Outcomes:
    """Collects what reports say; the worst of set-up, call and teardown counts."""

    _WORSE = {"passed": 0, "skipped": 1, "failed": 2}

    def __init__(self, path):
        self._path = path
        self._of = {}

    def pytest_runtest_logreport(self, report):
        outcome = report.outcome
        if hasattr(report, "wasxfail"):
            outcome = "xfailed" if outcome == "skipped" else "xpassed"
        before = self._of.get(report.nodeid, "passed")
        if self._WORSE.get(outcome, 1) >= self._WORSE.get(before, 1):
            self._of[report.nodeid] = outcome

    def pytest_sessionfinish(self):
        with open(self._path, "w") as out:
            out.writelines(f"{outcome}\t{test}\n" for test, outcome in sorted(self._of.items()))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    path = config.getoption("--only")
    if path is not None:
        with open(path) as lines:
            wanted = set(lines.read().splitlines())
        items[:] = [item for item in items if item.nodeid in wanted]


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    path = config.getoption("--outcomes")
    # The workers of xdist report to the process that started them.
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Outcomes(path), "bouton-outcomes")
