"""Several mail systems on one machine. What postmulti says is compared with the reference in tests/parity."""

import json

import pytest

from harness.root import Root

NAMES = ("a", "b", "c", "d")


@pytest.fixture(scope="module")
def machine():
    root = Root()
    try:
        root.run("rm -rf /etc/postfix")
        root.install()
        root.run("""
            mkdir -p /var/spool/postfix
            postconf -e compatibility_level=3.11 myhostname=mail.example inet_interfaces=loopback-only \\
                maillog_file=/var/log/mail.log
            postmulti -e init""")
        for name in NAMES:
            root.run(f"""
                postmulti -e create -I postfix-{name} -G farm
                postmulti -e enable -i {name}
                postconf -c /etc/postfix-{name} -e maillog_file=/var/log/mail.{name} myhostname={name}.example \\
                    compatibility_level=3.11""")
        yield root
    finally:
        root.close()


def running(machine):
    return machine.run("postfix status 2>&1", check=False).stdout.count("is running")


def test_all_start_and_stop(machine):
    started = machine.run("postfix start").stderr
    order = ["postfix", *(f"postfix-{n}" for n in NAMES)]
    assert [line.split("/")[0] for line in started.splitlines() if "starting" in line] == order
    assert running(machine) == 5
    machine.run("postfix reload")
    stopped = machine.run("postfix stop").stderr
    assert [line.split("/")[0] for line in stopped.splitlines() if "stopping" in line] == order[::-1]
    assert running(machine) == 0


def test_each_has_its_own_queue_and_log(machine):
    machine.run("postfix start; "
                "postconf -c /etc/postfix-a -e default_transport=retry authorized_submit_users=static:anyone; postfix -c /etc/postfix-a reload")
    machine.run("echo hello | sendmail -C /etc/postfix-a -f me@a.example you@elsewhere.example")
    machine.wait(lambda: "you@elsewhere.example" in machine.run("postqueue -c /etc/postfix-a -j").stdout)
    assert machine.run("postqueue -j; postqueue -c /etc/postfix-b -j").stdout == ""
    assert "postfix-a/qmgr" in machine.read("/var/log/mail.a")
    assert "postfix-a" not in machine.read("/var/log/mail.log")
    machine.run("postsuper -c /etc/postfix-a -d ALL; postfix stop")


def test_who_is_not_enabled_is_only_checked(machine):
    machine.run("postmulti -e disable -i b")
    assert "postfix-b" not in machine.run("postfix start").stderr
    assert running(machine) == 4
    assert "postfix-b" not in machine.run("postfix stop").stderr
    machine.run("postmulti -e enable -i b")


def test_one_of_them(machine):
    machine.run("postfix -c /etc/postfix-c start")
    assert running(machine) == 1
    again = machine.run("postmulti -i c -p start", check=False)
    assert again.returncode == 1
    assert "postfix-c/postfix-script: fatal: the Postfix mail system is already running" in again.stderr
    machine.run("postmulti -e disable -i c")
    destroy = machine.run("postmulti -e destroy -i c", check=False)
    assert destroy.returncode == 1 and "Instance '/etc/postfix-c' is not stopped" in destroy.stderr
    machine.run("postfix -c /etc/postfix-c stop; postmulti -e enable -i c")


def test_list_as_json(machine):
    rows = [json.loads(line) for line in machine.run("postmulti -lj -g farm").stdout.splitlines()]
    assert rows[0] == {"name": "postfix-a", "group": "farm", "enabled": "y", "config_directory": "/etc/postfix-a"}
    assert len(rows) == len(NAMES)


def test_wrapper_script(machine):
    machine.run("postconf -e 'multi_instance_wrapper = $daemon_directory/postfix-wrapper'")
    assert machine.run("postfix status 2>&1", check=False).stdout.count("is not running") == 5
    machine.run("postconf -e 'multi_instance_wrapper = ${command_directory}/postmulti -p --'")


def test_destroy_leaves_nothing_of_ours_and_all_of_others(machine):
    machine.run("postmulti -e disable -i d; postmulti -i d -p start; "
                "postfix -c /etc/postfix-d start; postfix -c /etc/postfix-d stop")
    machine.run("ln -s /etc/shadow /var/spool/postfix-d/private/link; touch /var/lib/postfix-d/mine")
    done = machine.run("postmulti -e destroy -i d")
    assert "/var/lib/postfix-d: please verify contents and remove by hand" in done.stderr
    left = machine.run("find /etc/postfix-d /var/spool/postfix-d /var/lib/postfix-d", check=False).stdout.split()
    assert left == ["/var/spool/postfix-d", "/var/spool/postfix-d/private", "/var/spool/postfix-d/private/link",
                    "/var/lib/postfix-d", "/var/lib/postfix-d/mine"]
    assert machine.run("test -s /etc/shadow; echo $?").stdout == "0\n"
    assert "postfix-d" not in machine.run("postmulti -l").stdout
