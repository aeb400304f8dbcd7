"""The server and systemd, which the test plays: what is said over its socket, the sockets that it hands over, what the unit forbids."""
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from conftest import ROOT, SAMPLES, Server, wait_until


class Manager:
    """Hears what a service says over NOTIFY_SOCKET; by a file, or by a name without one."""

    def __init__(self, folder, abstract):
        name = f"lectern-test-{os.getpid()}-{time.monotonic_ns()}" if abstract else str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name if abstract else name)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.settimeout(30)
        self.environment = {"NOTIFY_SOCKET": "@" + name if abstract else name}

    def next(self):
        """A message as {NAME: value}, and the process that sent it."""
        text, about, *_ = self.socket.recvmsg(4096, socket.CMSG_SPACE(12))
        return dict(line.split("=", 1) for line in text.decode().splitlines()), struct.unpack("3i", about[0][2])[0]

    def hear(self, word, process):
        """Reads on until this process says this word."""
        while True:
            said, sender = self.next()
            if word in said and sender == process:
                return said


@pytest.fixture(params=["a file", "an abstract name"])
def manager(request, tmp_path):
    manager = Manager(tmp_path, request.param == "an abstract name")
    yield manager
    manager.socket.close()


def test_systemd_is_told_of_readiness_reloads_the_next_process_and_the_end(manager, tmp_path):
    server = Server(tmp_path / "library", environment={**manager.environment, "WATCHDOG_USEC": "400000"}).start()
    old, new = server.process.pid, None
    try:
        ready = manager.hear("READY", old)
        assert ready["READY"] == "1" and ready["STATUS"] == f"Listening on http://127.0.0.1:{server.port}"
        manager.hear("WATCHDOG", old)
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        server.process.send_signal(signal.SIGHUP)
        reloading = manager.hear("RELOADING", old)
        assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        manager.hear("READY", old)
        server.process.send_signal(signal.SIGUSR2)  # a new process takes its place
        manager.hear("RELOADING", old)
        new = int(manager.hear("MAINPID", old)["MAINPID"])
        manager.hear("READY", new)
        manager.hear("WATCHDOG", new)
        server.process.wait(30)
        os.kill(new, signal.SIGTERM)
        manager.hear("STOPPING", new)
        wait_until(lambda: not os.path.exists(server.data / "lectern.sock"), 30)
        new = None
    finally:
        server.stop()
        if new:
            os.kill(new, signal.SIGKILL)


@pytest.mark.parametrize("whose, is_said", [("ours", True), ("another's", False)])
def test_only_the_process_that_is_watched_says_that_it_is_well(tmp_path, whose, is_said):
    manager = Manager(tmp_path, False)
    server = Server(tmp_path / "library", environment={**manager.environment, "WATCHDOG_USEC": "100000"})
    # The shell's number is the server's, which takes its place.
    said = "$$" if whose == "ours" else "1"
    command = f"WATCHDOG_PID={said} exec {' '.join(server.command('serve'))} --listen 127.0.0.1:{server.port}"
    server.process = subprocess.Popen(["sh", "-c", command], env={**server.environment}, stderr=subprocess.DEVNULL)
    try:
        manager.hear("READY", server.process.pid)
        server.process.terminate()
        heard = set()
        while "STOPPING" not in heard:
            heard |= manager.next()[0].keys()
        assert ("WATCHDOG" in heard) == is_said
        server.process.wait(30)
    finally:
        server.stop()
        manager.socket.close()


@pytest.mark.parametrize("pid, count, is_used", [("$$", 1, True), ("1", 1, False), ("$$", 0, False)], ids=["ours", "of another process", "none"])
def test_a_socket_of_systemd_is_listened_on_when_it_is_for_this_process(tmp_path, pid, count, is_used):
    listening = socket.create_server(("127.0.0.1", 0))
    theirs = listening.getsockname()[1]
    server = Server(tmp_path / "library")
    command = f"exec 3<&{listening.fileno()}; LISTEN_PID={pid} LISTEN_FDS={count} exec {' '.join(server.command('serve'))} --listen 127.0.0.1:{server.port}"
    server.process = subprocess.Popen(["bash", "-c", command], env=server.environment, pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL)
    listening.close()
    try:
        port = theirs if is_used else server.port

        def live():
            try:
                return requests.get(f"http://127.0.0.1:{port}/live", timeout=5).status_code == 200
            except requests.RequestException:
                return False
        wait_until(live, 30)
        if is_used:
            with pytest.raises(requests.RequestException):
                requests.get(f"{server.url}/live", timeout=2)
    finally:
        server.stop()


UNIT = ROOT / "tools" / "systemd" / "lectern.service"
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")


@needs_systemd
def test_the_unit_leaves_little_to_whoever_takes_the_server_over(tmp_path):
    copy = tmp_path / "lectern.service"
    copy.write_text(UNIT.read_text().replace("@PREFIX@", "/usr"))
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", copy], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@needs_systemd
def test_what_the_unit_forbids_is_nothing_that_the_server_or_its_readers_need(tmp_path):
    server = Server(tmp_path / "library")
    plain = server.command
    server.command = lambda *words: [sys.executable, str(Path(__file__).with_name("as_service.py")), str(UNIT), *plain(*words)]
    files = [str(SAMPLES / name) for name in ("report.pdf", "minutes.png", "bundle.zip")]
    server.start()
    try:
        assert f"{len(files)} added, 0 there already, 0 failed" in server.cli("add", *files).stderr
        server.cli("restart", "--quiet")
        found = json.loads(server.cli("doctor", "--json", check=False).stdout)
        assert {one["what"] for one in found if not one["good"]} <= {"model"}
        walls = [one["detail"] for one in found if one["what"] == "sandbox"]
        assert walls and all(wall.endswith("stands") for wall in walls)
        follower = int(re.findall(r"process (\d+) has the place of this one", server.log.read_text())[-1])
        os.kill(follower, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(f"/proc/{follower}"), 30)
    finally:
        server.stop()
