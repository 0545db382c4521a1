"""Settings of Nengo's own suite, as its source tree has them for itself: a plugin for pytest."""

from nengo.rc import rc


def pytest_configure(config):
    rc.reload_rc([])
    rc.set("decoder_cache", "enabled", "False")
    rc.set("exceptions", "simplified", "False")
    rc.set("nengo.Simulator", "fail_fast", "True")
    rc.set("progress", "progress_bar", "False")
