"""Settings of all tests of the Python package: nothing of the user's, no cache, no progress bar."""

import pytest
from nengo.rc import rc


def pytest_addoption(parser):
    parser.addoption("--graphs", type=int, default=100, help="Random operator graphs to compare (test_operators.py)")
    parser.addoption("--first-graph", type=int, default=0, help="Seed of the first random operator graph")


@pytest.fixture(autouse=True, scope="session")
def settings():
    rc.reload_rc([])
    rc.set("decoder_cache", "enabled", "False")
    rc.set("progress", "progress_bar", "False")
