"""What master does with services: limits, every type, throttling, reload, and the ways to run it."""

import asyncio
import os
import random
import re
import signal
import socket
import subprocess
import time

import pytest

from harness.client import Client, Lost, message
from harness.instance import free_port

SERVICE = "{} inet n - n - {} smtpd {}"


def wait_for(what, timeout=30):
    deadline = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def wide_port():
    """Free at every address, and not one that the kernel gives to clients meanwhile."""
    while True:
        port = random.randrange(11000, 32000)
        with socket.socket(socket.AF_INET6) as s:
            try:
                s.bind(("::", port))
                return port
            except OSError:
                pass


def listens(port, host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
        return s.connect_ex((host, port)) == 0


def greeting(port):
    """None: nobody there, or what was there just went."""
    try:
        with Client(port) as c:
            return c.greeting.text
    except (OSError, Lost):
        return None


def troubles(instance, pattern):
    """Lines that should not be there. Services whose program is not built yet are not meant."""
    programs = {p.name for p in instance.suite.daemons.iterdir()}
    missing = [w for w in re.findall(r"(?m)(\S+)$", (instance.etc / "master.cf").read_text()) if w not in programs]
    return [line for line in instance.log.lines(pattern) if not any(f"/{name}" in line for name in missing)]


def is_greeted(client, timeout):
    client.socket.settimeout(timeout)
    try:
        client.greeting = client.reply()
    except socket.timeout:
        return False
    return True


# --- sessions and limits ---

@pytest.mark.parametrize("limit", [1, 2])
def test_process_limit_counts_clients(make_instance, sink, limit):
    port = free_port()
    make_instance(master_cf=SERVICE.format(f"127.0.0.1:{port}", limit, ""), relay_port=sink.port).start()
    served = [Client(port) for _ in range(limit)]
    waiting = Client(port, greeting=False)
    assert not is_greeted(waiting, 0.5)
    served[0].expect("QUIT", 221)
    assert is_greeted(waiting, 5)
    for c in [*served, waiting]:
        c.socket.close()


def test_no_process_limit(make_instance, sink):
    port = free_port()
    make_instance(master_cf=SERVICE.format(f"127.0.0.1:{port}", 0, ""), relay_port=sink.port,
                  main_cf="smtpd_client_connection_count_limit = 0\n").start()
    clients = [Client(port) for _ in range(150)]
    assert all(c.command("NOOP").code == 250 for c in clients)


def test_one_session_a_process_is_possible(make_instance, sink):
    i = make_instance(main_cf="smtpd_worker_session_limit = 1\n", relay_port=sink.port)
    port = free_port()
    i.write_config(f"relayhost = [127.0.0.1]:{sink.port}\n{port}_worker_session_limit = 1\n",
                   SERVICE.format(port, "-", ""))
    i.start()
    clients = [Client(port) for _ in range(3)]
    assert all(c.command("NOOP").code == 250 for c in clients)
    assert len(i.pids("smtpd")) >= 3


@pytest.mark.parametrize("interfaces, limit, is_told", [("all", 2, True), ("all", 1, False), ("loopback-only", 2, False)])
def test_overload_is_told(make_instance, interfaces, limit, is_told):
    port = wide_port()
    i = make_instance(f"inet_interfaces = {interfaces}\n", SERVICE.format(port, limit, "")).start()
    clients = [Client(port) for _ in range(limit)]
    if is_told:
        i.log.wait(f'warning: service "{port}" \\({port}\\) has reached its process limit "{limit}": new clients may experience '
                   "noticeable delays")
        i.log.wait("warning: to avoid this condition, increase the process count in master.cf or reduce the service time")
    else:
        time.sleep(0.3)
        assert not i.log.lines("process limit")
    assert all(c.command("NOOP").code == 250 for c in clients)


def test_sessions_of_old_workers_count(make_instance, sink):
    """After a reload the one client that the limit allows is still with the old process."""
    port = free_port()
    i = make_instance(master_cf=SERVICE.format(f"127.0.0.1:{port}", 1, ""), relay_port=sink.port).start()
    old = Client(port)
    i.set_parameter("smtpd_banner", "$myhostname ESMTP new")
    i.reload()
    i.log.wait("reload --")
    waiting = Client(port, greeting=False)
    assert not is_greeted(waiting, 0.5)
    old.expect("QUIT", 221)
    assert is_greeted(waiting, 5) and waiting.greeting.text == "mta.example ESMTP new"


class Deliveries:
    """Keeps the far host busy for a while with each message, and counts how many come at once."""

    def __init__(self, sink, seconds):
        self.now, self.most = 0, 0
        receive = sink._content

        async def content(reader):
            data = await receive(reader)
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(seconds)
            self.now -= 1
            return data
        sink._content = content


MANY_AT_ONCE = "{0}_destination_concurrency_limit = 50\n{0}_initial_destination_concurrency = 50\n"


@pytest.mark.parametrize("limit", [1, 2])
def test_process_limit_counts_deliveries(make_instance, sink, limit):
    i = make_instance(MANY_AT_ONCE.format("smtp"), f"smtp unix - - n - {limit} smtp\n", relay_port=sink.port).start()
    deliveries = Deliveries(sink, 0.15)
    for n in range(12):
        i.send(message(), "a@load.example", f"r@d{n}.example")
    sink.wait(12)
    assert deliveries.most == limit


def test_process_limit_counts_deliveries_of_old_workers(make_instance, sink):
    i = make_instance(MANY_AT_ONCE.format("smtp"), "smtp unix - - n - 3 smtp\n", relay_port=sink.port).start()
    deliveries = Deliveries(sink, 0.3)
    for n in range(20):
        i.send(message(), "a@load.example", f"r@d{n}.example")
        if n % 5 == 4:
            i.reload()
    sink.wait(20)
    assert deliveries.most == 3
    i.wait_queue(0)
    assert len(sink.messages) == 20


def test_one_delivery_a_process(make_instance):
    i = make_instance("virtual_mailbox_domains = v.example\nvirtual_mailbox_maps = static:box/\n" + MANY_AT_ONCE.format("virtual"),
                      "virtual unix - n n - 3 virtual\n").start()
    for n in range(40):
        i.send(message(), "a@load.example", f"r{n}@v.example")
    i.maildir("box", 40)
    assert 1 <= len(i.pids("virtual")) <= 3


# --- reload ---

def test_a_session_goes_on_through_two_reloads(instance, sink):
    c = instance.client()
    c.ehlo()
    c.envelope("a@load.example", "b@sink.example")
    for text in ("one", "two"):
        instance.set_parameter("smtpd_banner", f"$myhostname ESMTP {text}")
        instance.reload()
        wait_for(lambda: instance.client().greeting.text.endswith(text))
        c.expect(f"RCPT TO:<{text}@sink.example>", 250)
    assert c.data(message(subject="patience")).code == 250
    received = sink.wait(1)[0]
    assert received.recipients == ["b@sink.example", "one@sink.example", "two@sink.example"]
    c.expect("QUIT", 221)
    assert not troubles(instance, "warning: process|fatal|panic")


def test_many_reloads_at_once_end_nothing(instance):
    for _ in range(30):
        instance.master.send_signal(signal.SIGHUP)
        time.sleep(0.01)
    wait_for(lambda: instance.client().command("NOOP").code == 250)
    assert not troubles(instance, "killed by signal|throttling")


def test_mail_goes_on_through_many_reloads(instance, sink):
    """A leaving qmgr may have taken the trigger that was for the next one."""
    for _ in range(25):
        instance.send(message())
        instance.master.send_signal(signal.SIGHUP)
    sink.wait(25, timeout=60)


def test_a_port_passes_from_one_service_to_another(make_instance, sink):
    port = free_port()
    i = make_instance(master_cf=SERVICE.format(f"127.0.0.1:{port}", "-", ""), relay_port=sink.port).start()
    with Client(port) as c:
        c.ehlo()
        lines = (i.etc / "master.cf").read_text().replace(f"127.0.0.1:{port} inet n - n - - smtpd",
                                                          f"localhost:{port} inet n - n - - smtpd -o smtpd_banner=other")
        (i.etc / "master.cf").write_text(lines)
        i._age_config()
        i.reload()
        wait_for(lambda: greeting(port) == "other")
    assert not troubles(i, "fatal|error|accept connection")


def test_a_removed_service_ends_its_sessions(make_instance, sink):
    port = free_port()
    i = make_instance(master_cf=SERVICE.format(f"127.0.0.1:{port}", "-", ""), relay_port=sink.port).start()
    c = Client(port)
    text = (i.etc / "master.cf").read_text()
    (i.etc / "master.cf").write_text(re.sub(rf"127.0.0.1:{port} .*\n", "", text))
    i._age_config()
    i.reload()
    wait_for(lambda: not listens(port))
    with pytest.raises(Lost):
        c.reply()
    assert i.client().command("NOOP").code == 250


def test_a_removed_socket_is_removed(make_instance, sink):
    i = make_instance(master_cf="extra unix n - n - - discard\n", relay_port=sink.port).start()
    assert (i.spool / "public/extra").is_socket()
    (i.etc / "master.cf").write_text((i.etc / "master.cf").read_text().replace("extra unix n - n - - discard\n", ""))
    i._age_config()
    i.reload()
    wait_for(lambda: not (i.spool / "public/extra").exists())


def test_a_broken_master_cf_at_reload_changes_nothing(instance, sink):
    good = (instance.etc / "master.cf").read_text()
    (instance.etc / "master.cf").write_text(good + "foo inet maybe\n")
    instance._age_config()
    instance.reload()
    instance.log.wait("error: .*the services go on as they are")
    instance.send(message(), "a@load.example", "b@sink.example")
    sink.wait(1)


def test_an_address_in_use_at_reload_costs_one_service(instance):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (instance.etc / "master.cf").write_text((instance.etc / "master.cf").read_text() +
                                                SERVICE.format(f"127.0.0.1:{port}", "-", "") + "\n")
        instance._age_config()
        instance.reload()
        instance.log.wait(f"error: bind 127.0.0.1 port {port}: Address already in use")
        assert instance.client().command("NOOP").code == 250
    instance.reload()
    wait_for(lambda: greeting(port) is not None)


def test_inet_interfaces_stay_as_they_were(instance):
    instance.set_parameter("inet_interfaces", "all")
    instance.reload()
    instance.log.wait(r"warning: service 127.0.0.1:\d+: ignoring inet_interfaces change")
    instance.log.wait("warning: to change inet_interfaces, stop and start Postfix")
    assert instance.client().command("NOOP").code == 250


# --- addresses ---

@pytest.mark.parametrize("interfaces, protocols, hosts, not_hosts", [
    ("[127.0.0.1], 127.0.0.1", "ipv4", ["127.0.0.1"], ["127.0.0.9", "::1"]),
    ("127.0.0.1, [::1]", "all", ["127.0.0.1", "::1"], ["127.0.0.9"]),
    ("loopback-only", "ipv4", ["127.0.0.1"], ["::1"]),
    ("loopback-only", "all", ["127.0.0.1", "::1"], []),
    ("localhost", "ipv4", ["127.0.0.1"], []),
    ("all", "ipv4", ["127.0.0.1", "127.0.0.9"], ["::1"]),
    ("all", "all", ["127.0.0.1", "::1"], []),
    ("all", "ipv6", ["::1"], ["127.0.0.1"]),
])
def test_where_it_listens(make_instance, interfaces, protocols, hosts, not_hosts):
    port = wide_port()
    i = make_instance(f"inet_interfaces = {interfaces}\ninet_protocols = {protocols}\n",
                      SERVICE.format(port, "-", "")).start(wait=False)
    if protocols == "ipv6":
        text = (i.etc / "master.cf").read_text()  # the usual port is an IPv4 one
        i.kill()
        (i.etc / "master.cf").write_text(re.sub(rf"127.0.0.1:{i.port} .*\n", "", text))
        i.start(wait=False)
    wait_for(lambda: listens(port, hosts[0]))
    for host in hosts:
        assert Client(port, host=host).greeting.code == 220
    assert [h for h in not_hosts if listens(port, h)] == []


def test_address_in_use(make_instance):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        i = make_instance(master_cf=SERVICE.format(f"127.0.0.1:{port}", "-", "")).start(wait=False)
        assert i.master.wait(10) == 1
    i.log.wait(f"fatal: bind 127.0.0.1 port {port}: Address already in use")


# --- kinds of services ---

def test_pass(make_instance, sink):
    """Another program has accepted the client and hands it over, as postscreen does."""
    i = make_instance(master_cf="smtpd pass - - n - - smtpd\n", relay_port=sink.port).start()
    with socket.socket() as listener, socket.socket(socket.AF_UNIX) as channel:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        c = Client(listener.getsockname()[1], greeting=False)
        accepted, _ = listener.accept()
        channel.connect(str(i.spool / "private/smtpd"))
        socket.send_fds(channel, [b"x"], [accepted.fileno()])
        accepted.close()
        c.greeting = c.reply()
        c.deliver(message(), "a@load.example", "b@sink.example")
    sink.wait(1)
    i.log.wait("connect from localhost\\[127.0.0.1\\]")


def test_pass_without_a_descriptor(make_instance):
    i = make_instance(master_cf="smtpd pass - - n - - smtpd\n").start()
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(str(i.spool / "private/smtpd"))
        channel.send(b"x")
        i.log.wait("warning: receive connection: no descriptor")


def test_qmgr_behind_a_fifo_of_old(make_instance, sink):
    i = make_instance(relay_port=sink.port)
    (i.etc / "master.cf").write_text((i.etc / "master.cf").read_text().replace("qmgr unix", "qmgr fifo"))
    i._age_config()
    i.start()
    i.send(message(), "a@load.example", "b@sink.example")
    sink.wait(1)


def test_fifo_and_wake_up(make_instance, tmp_path):
    """A FIFO that wakes its program up; what it does with that is the program's business."""
    i = make_instance(master_cf="anvil fifo n - n 1 1 anvil\n").start()
    assert (i.spool / "public/anvil").is_fifo()
    wait_for(lambda: i.pids("anvil"))


def test_a_postponed_wake_up(make_instance):
    i = make_instance(master_cf="later unix n - n 1? 1 discard\nnow unix n - n 1 1 discard\n").start()
    wait_for(lambda: i.pids("discard"))
    time.sleep(1.5)
    assert len(i.pids("discard")) == 1
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(i.spool / "public/later"))
        wait_for(lambda: len(i.pids("discard")) == 2)


def test_disabled_services(make_instance):
    port = free_port()
    i = make_instance("master_service_disable = showq/unix, foo.inet\n", SERVICE.format(f"127.0.0.1:{port}", "-", ""))
    i.start()
    assert listens(port) and not (i.spool / "public/showq").exists()


# --- processes that end ---

def test_missing_program(make_instance):
    i = make_instance("service_throttle_time = 1s\n", "nope unix - - n 1 1 no-such-program\n").start()
    i.log.wait(r"fatal: master_spawn: exec \S+/no-such-program: No such file or directory", 2)
    i.log.wait(r"warning: process \S+/no-such-program pid \d+ exit status 1", 2)
    i.log.wait(r"warning: \S+/no-such-program: bad command startup -- throttling", 2)


def test_a_killed_worker_is_replaced(instance, sink):
    instance.client().socket.close()
    pid = instance.pids("smtpd")[0]
    os.kill(pid, signal.SIGKILL)
    instance.log.wait(rf"warning: process \S+/smtpd pid {pid} killed by signal 9")
    instance.send(message(), "a@load.example", "b@sink.example")
    sink.wait(1)
    assert not troubles(instance, "throttling")


def test_the_sessions_of_a_killed_worker_are_given_back(make_instance, sink):
    port = free_port()
    i = make_instance(master_cf=SERVICE.format(f"127.0.0.1:{port}", 1, ""), relay_port=sink.port).start()
    c = Client(port)
    for pid in i.pids("smtpd"):
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(Lost):
        c.reply()
    assert Client(port).greeting.code == 220


def test_a_crash_leaves_a_trace(instance):
    if os.environ.get("SUITE") == "reference" or instance.sanitizer_reports() or "san" in str(instance.suite.daemons):
        pytest.skip("sanitizers have reports of their own")
    instance.client().socket.close()
    pid = instance.pids("smtpd")[0]
    os.kill(pid, signal.SIGSEGV)
    instance.log.wait(rf"smtpd\[{pid}\]: warning: crash: signal 11, active functions:")
    instance.log.wait(rf"smtpd\[{pid}\]: warning: crash: .*smtpd\((worker|smtpd_session)_run\+0x")  # in a task or not
    instance.log.wait(rf"warning: process \S+/smtpd pid {pid} killed by signal 11")


def test_workers_leave_when_master_is_gone(instance):
    with instance.client() as c:
        c.ehlo()
        os.kill(instance.master.pid, signal.SIGKILL)
        instance.master.wait()
        with pytest.raises(Lost):
            c.reply()
    wait_for(lambda: not instance.group())


def test_idle_and_used_workers_leave(make_instance, sink):
    i = make_instance("max_idle = 1s\n", relay_port=sink.port).start()
    i.client().expect("QUIT", 221)
    wait_for(lambda: not i.pids("smtpd"))
    assert i.client().greeting.code == 220
    assert not troubles(i, "warning: process|fatal")


def test_a_worker_that_was_used_up_leaves(make_instance, sink):
    port = free_port()
    i = make_instance("max_use = 3\n", SERVICE.format(f"127.0.0.1:{port}", 1, ""), relay_port=sink.port).start()
    for _ in range(7):
        Client(port).expect("QUIT", 221)
    served = re.findall(r"smtpd\[(\d+)\]", "\n".join(i.log.wait("disconnect from .* quit=1", 7)))
    assert [served.count(pid) for pid in dict.fromkeys(served)] == [3, 3, 1]
    assert not troubles(i, "warning: process|fatal")


def test_descriptors_of_a_worker(instance):
    """Standard input, output and error; what share.h lists; and nothing of master's but that."""
    with instance.client():
        pid = instance.pids("smtpd")[0]
        fds = {int(n): os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")}
    assert "memfd:share" in fds[4] and fds[5].startswith("pipe:") and fds[6].startswith("socket:")
    assert all("master" not in target for target in fds.values())
    assert fds[0] == "/dev/null"


# --- the ways to run it ---

def run_master(i, *options, **more):
    return subprocess.Popen([str(i.suite.daemons / "master"), "-c", str(i.etc), *options], env=i.env(),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def test_the_lock_can_be_tested(make_instance):
    i = make_instance()
    assert run_master(i, "-t").wait(5) == 0
    i.start()
    assert run_master(i, "-t").wait(5) == 1
    i.stop()
    assert run_master(i, "-t").wait(5) == 0


def test_a_second_master_is_refused(instance):
    other = run_master(instance, "-w")
    assert other.wait(10) == 1
    instance.log.wait("fatal: open lock file pid/master.pid: unable to set exclusive lock")
    assert instance.client().command("NOOP").code == 250


def test_a_stale_pid_file(make_instance):
    i = make_instance()
    (i.spool / "pid/master.pid").write_text(f"{1:>32}\n")
    i.start()
    assert (i.spool / "pid/master.pid").read_text() == f"{i.master.pid:>32}\n"


def test_background_start_says_whether_it_serves(make_instance):
    i = make_instance()
    assert run_master(i, "-w").wait(15) == 0
    pid = int((i.spool / "pid/master.pid").read_text())
    try:
        assert Client(i.port).greeting.code == 220
        assert os.getsid(pid) == pid
        assert os.readlink(f"/proc/{pid}/fd/1") == "/dev/null"
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: run_master(i, "-t").wait(5) == 0)


def test_exit_time(make_instance):
    i = make_instance()
    p = run_master(i, "-d", "-e", "1")
    wait_for(lambda: listens(i.port))
    assert p.wait(15) == 0


def test_log_on_standard_output(make_instance):
    i = make_instance("maillog_file = /dev/stdout\nmaillog_file_prefixes = /dev\n")
    p = run_master(i, "-s", start_new_session=True)
    wait_for(lambda: listens(i.port))
    Client(i.port).expect("QUIT", 221)
    p.terminate()
    out = p.communicate(timeout=15)[0]
    assert "daemon started" in out and "connect from localhost[127.0.0.1]" in out and "terminating on signal 15" in out


def test_init_mode_is_for_process_1(make_instance):
    i = make_instance()
    p = run_master(i, "-i")
    assert p.wait(5) == 1 and "process 1" in p.communicate()[0]


def test_as_process_1(make_instance, sink):
    """As in a container: it is init there, and buries what others leave behind."""
    i = make_instance(relay_port=sink.port)
    p = subprocess.Popen(["unshare", "-pf", "--mount-proc", i.suite.command("postfix"), "-c", str(i.etc), "start-fg"],
                         env=i.env(), start_new_session=True)
    try:
        i.wait_ready()
        i.send(message(), "a@load.example", "b@sink.example")
        sink.wait(1)
        init = int(subprocess.run(["pgrep", "-P", str(p.pid)], capture_output=True, text=True).stdout)
        subprocess.run(["nsenter", "-t", str(init), "-p", "-m", "sh", "-c", "(sleep 0.2 &)"], check=True)
        time.sleep(0.5)
        states = subprocess.run(["ps", "-o", "stat=", "--ppid", str(init)], capture_output=True, text=True).stdout.split()
        assert states and not [s for s in states if s.startswith("Z")]
        os.kill(init, signal.SIGTERM)
        assert p.wait(15) == 0
    finally:
        if p.poll() is None:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
    i.log.wait("terminating on signal 15")


def test_stop_does_not_wait_for_idle_clients(instance):
    with instance.client() as c:
        c.ehlo()
        begin = time.monotonic()
        instance.master.terminate()
        assert instance.master.wait(15) == 0
        assert time.monotonic() - begin < 5


def test_stop_under_load_loses_and_repeats_nothing(make_instance, sink):
    """Each message that was answered 250 arrives exactly once, though the system stops in between."""
    i = make_instance("minimal_backoff_time = 1s\nmaximal_backoff_time = 1s\nqueue_run_delay = 1s\n", relay_port=sink.port)
    sink.answers["."] = lambda line: time.sleep(0.002)
    accepted = set()
    for round_ in range(3):
        i.start()
        end = time.monotonic() + 1.5
        clients = [i.client() for _ in range(5)]
        for c in clients:
            c.ehlo()
        while time.monotonic() < end:
            for n, c in enumerate(clients):
                subject = f"{round_}.{n}.{len(accepted)}"
                c.envelope("a@load.example", "b@sink.example")
                if c.data(message(subject=subject)).code == 250:
                    accepted.add(subject)
        i.stop()
    i.start()
    i.wait_queue(0, timeout=120)  # on a busy machine
    got = [re.search(rb"Subject: (\S+)", m.headers).group(1).decode() for m in sink.messages]
    assert sorted(got) == sorted(accepted)
