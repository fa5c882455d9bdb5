"""A machine of its own, as far as files, processes and the network go: what is installed there is at its real place.

/etc, /usr, /var and /opt are layers above this machine's, in a mount namespace of their own; everything else is this
machine's. Processes are in a namespace of their own, too, so that none is left when it ends, and so is port 25."""

import pathlib
import shutil
import subprocess
import tempfile
import time

from . import suite

LAYERS = ("etc", "usr", "var", "opt")

START = """
set -e
base=$1; shift
mount -t tmpfs none "$base/layers"
mount --rbind / "$base/root"
mount --make-rprivate "$base/root"
for name; do
    mkdir "$base/layers/$name" "$base/layers/$name.work"
    layers="lowerdir=/$name,upperdir=$base/layers/$name,workdir=$base/layers/$name.work"
    mount -t overlay none -o "$layers" "$base/root/$name"
done
mount -t proc none "$base/root/proc"
ip link set lo up
echo ready
exec sleep infinity
"""


class Root:
    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="pr.root."))
        self.base.chmod(0o755)
        self.path = self.base / "root"
        for name in ("root", "layers"):
            (self.base / name).mkdir()
        self.holder = subprocess.Popen(["unshare", "-m", "-n", "-p", "--fork", "--kill-child",
                                        "sh", "-c", START, "root", str(self.base), *LAYERS],
                                       stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        if self.holder.stdout.readline() != "ready\n":
            raise RuntimeError("no mount namespace for a root of its own")
        self.pid = int(subprocess.check_output(["pgrep", "-P", str(self.holder.pid)], text=True))

    def install(self):
        """What has been built."""
        self.run(f"make -s -C '{suite.TREE}' B='{suite.BUILD}' install-built", env={"MAKEFLAGS": ""})

    def unpack(self, tree):
        """What was unpacked from a package."""
        self.run(f"cd '{tree}' && tar cf - {' '.join(n for n in LAYERS if (tree / n).exists())} | tar xf - -C /")

    def terminal(self, command):
        """What somebody sees who types this, and the exit status."""
        done = self.run('script -qec "$COMMAND" /dev/null', check=False, env={"COMMAND": command, "TERM": "dumb"})
        return done.stdout.replace("\r\n", "\n"), done.returncode

    def run(self, script, check=True, env=None, input=None, timeout=120):
        """A shell script in there, as root."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC",
                       "ASAN_OPTIONS": "detect_leaks=0", **(env or {})}
        done = subprocess.run(["nsenter", "-t", str(self.pid), "-m", "-n", "-p", "chroot", str(self.path),
                               "sh", "-c", f"cd /\n{script}"],
                              env=environment, input=input or "", text=True, errors="surrogateescape",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{script}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def wait(self, condition, timeout=60):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("what was waited for did not come")
            time.sleep(0.1)

    def read(self, path):
        return self.run(f"cat '{path}'").stdout

    def write(self, path, text, mode="644"):
        self.run(f"cat >'{path}' && chmod {mode} '{path}'", input=text)

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        shutil.rmtree(self.base, ignore_errors=True)
