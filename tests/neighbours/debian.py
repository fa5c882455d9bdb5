"""Programs of Debian packages that insist on a mail system, which would be installed with them: unpacked beside."""

import fcntl
import subprocess

from harness.suite import BUILD

PACKAGES = ("bsd-mailx", "logwatch", "monitoring-plugins-standard", "pmailq", "prometheus-postfix-exporter")
FOLDER = BUILD / "neighbours"


def fetch():
    """Get those that are missing, while there is a network: processes that run tests side by side have one of their own."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [p for p in PACKAGES if not (FOLDER / p / "usr").exists()]
        if missing and not _download(missing):
            subprocess.run(["apt-get", "-qq", "update"])
            _download(missing)
        for package in missing:
            for file in FOLDER.glob(f"{package}_*.deb"):
                subprocess.run(["dpkg", "-x", file, FOLDER / f"{package}.new"], check=True)
                (FOLDER / f"{package}.new").rename(FOLDER / package)


def _download(packages):
    return subprocess.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *packages], cwd=FOLDER).returncode == 0


def unpacked(package):
    """The folder with the package's files."""
    assert (FOLDER / package / "usr").exists(), f"{package} could not be downloaded from Debian"
    return FOLDER / package
