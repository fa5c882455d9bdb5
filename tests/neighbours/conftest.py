import os

import debian


def pytest_configure(config):
    if "PYTEST_XDIST_WORKER" not in os.environ and os.geteuid() == 0:
        debian.fetch()
