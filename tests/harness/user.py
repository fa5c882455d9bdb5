"""Commands as somebody who is not root: copies of the suite's commands with the set-group-ID bits that an
installation gives them, in a mount of its own in which the machine's main.cf authorises the instance."""

import os
import shutil
import subprocess

import pytest

from .suite import BUILD

SETGID = ("postdrop", "postqueue")
NOBODY = 65534

MOUNT = """\
mount -t overlay overlay -o lowerdir="$0/host/etc:/etc" /etc &&
mount -t overlay overlay -o lowerdir="$0/host/sbin:/usr/sbin" /usr/sbin && exec "$@\""""


def install(instance, *others):
    """Make the commands and the surroundings; others: more configuration folders that are authorised."""
    if BUILD.name == "san":
        pytest.skip("LeakSanitizer cannot look into a set-group-ID process")
    bin_dir, etc, sbin = (instance.base / p for p in ("bin", "host/etc/postfix", "host/sbin"))
    for folder in (bin_dir, etc, sbin):
        folder.mkdir(parents=True, exist_ok=True)
    for source in instance.suite.commands.iterdir():
        if source.name in ("sendmail", "postdrop", "postqueue", "postalias", "postcat", "mailq", "newaliases", "postlock"):
            shutil.copy2(source, bin_dir / source.name, follow_symlinks=False)
    for name in ("mailq", "newaliases"):  # in an installed tree they are elsewhere
        if not (bin_dir / name).is_symlink():
            (bin_dir / name).symlink_to("sendmail")
    for name in SETGID:
        shutil.chown(bin_dir / name, group="postdrop")
        os.chmod(bin_dir / name, 0o2755)
    (sbin / "sendmail").symlink_to(bin_dir / "sendmail")
    allowed = " ".join(map(str, (instance.etc, *others)))
    (etc / "main.cf").write_text(f"compatibility_level = 3.6\nalternate_config_directories = {allowed}\n")
    instance.set_parameter("command_directory", bin_dir)


def argv_of(instance, argv, uid=NOBODY):
    """The whole command line that runs argv as that user."""
    command = instance.base / "bin" / argv[0]
    first = str(command) if command.exists() else argv[0]
    return ["unshare", "-m", "sh", "-c", MOUNT, str(instance.base), "setpriv", f"--reuid={uid}", f"--regid={uid}",
            "--clear-groups", first, *map(str, argv[1:])]


def run(instance, *argv, uid=NOBODY, input=b"", env=None, timeout=30, **options):
    return subprocess.run(argv_of(instance, argv, uid), env={**instance.env(), **(env or {})}, input=input, cwd="/",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **options)


def start(instance, *argv, uid=NOBODY, **options):
    return subprocess.Popen(argv_of(instance, argv, uid), env=instance.env(), cwd="/", **options)
