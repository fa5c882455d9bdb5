"""Fixtures for all tests that drive a whole mail system. What they stand on is in harness/."""

import contextlib
import ctypes
import os
import subprocess

import pytest

from harness import suite
from harness.dns import Dns
from harness.instance import Instance
from harness.people import Host
from harness.sink import Sink

_tallies = []  # what tests want to be read even when all is well
_live = []  # instances of the running test, for the report of a failure


CLONE_NEWNET = 0x40000000


def have_own_network():
    """Tests that run side by side each have port 25 of every host."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise pytest.UsageError("unshare(CLONE_NEWNET): " + os.strerror(ctypes.get_errno()))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def pytest_configure(config):
    if os.geteuid() == 0:
        suite.make_users()
        if "PYTEST_XDIST_WORKER" in os.environ:
            have_own_network()


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="a mail system needs root to start"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed:
        for instance in _live:
            outcome.get_result().sections.append((f"{instance.suite.name} {instance.base}", instance.report()))


@pytest.fixture
def under_test():
    """Postrider, unless SUITE=reference asks what the reference would do."""
    return suite.reference() if os.environ.get("SUITE") == "reference" else suite.postrider()


@pytest.fixture
def reference():
    if not suite.has_reference():
        subprocess.run([suite.TREE / "tools/fetch-reference"], check=True)
    return suite.reference()


@contextlib.contextmanager
def ended_with_the_test():
    """keep(instance): it is shown if the test fails, and stopped and removed afterwards."""
    made = []

    def keep(instance):
        made.append(instance)
        _live.append(instance)
        return instance

    yield keep
    reports = ""
    for instance in made:
        instance.stop()
        _live.remove(instance)
        reports += instance.sanitizer_reports()
        if not os.environ.get("KEEP"):
            instance.remove()
    assert not reports, reports


@pytest.fixture
def make_instance(under_test):
    """make_instance(main_cf, master_cf, ...): one that is configured and not started."""
    with ended_with_the_test() as keep:
        yield lambda main_cf="", master_cf="", system=None, **options: keep(
            Instance(system or under_test, main_cf, master_cf, **options))


@pytest.fixture
def host(under_test):
    """host(main_cf, aliases=...): one with people, started."""
    with ended_with_the_test() as keep:
        yield lambda main_cf="", **options: keep(Host(under_test, main_cf, **options)).start()


@pytest.fixture
def sink():
    s = Sink()
    yield s
    s.close()


@pytest.fixture
def dns():
    d = Dns()
    yield d
    d.close()


@pytest.fixture
def open_path(tmp_path):
    """tmp_path, where users other than root may go and write, too."""
    os.chmod(tmp_path, 0o777)
    for folder in tmp_path.parents:
        if folder.name.startswith(("pytest-", "popen-")):
            os.chmod(folder, 0o755)
    return tmp_path


@pytest.fixture
def instance(make_instance, sink):
    """A running relay to the sink."""
    return make_instance(relay_port=sink.port).start()


@pytest.fixture
def tally():
    return _tallies.append


def pytest_terminal_summary(terminalreporter):
    for line in _tallies:
        terminalreporter.write_line(line)
