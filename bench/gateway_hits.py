"""Calls that are answered from what the gateway keeps: our time and processor time for each, with few and many entries."""
import json
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.request

PORT, MOCK_PORT = 9121, 9122
HITS = 20000


class Caller:
    """One connection that is kept, with nothing between it and the socket."""

    def __init__(self, key):
        self.socket = socket.create_connection(("127.0.0.1", PORT))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\nX-Lectern-Cache: use\r\n"
                     "Content-Type: application/json\r\nContent-Length: ")

    def ask(self, number):
        body = json.dumps({"model": "mock", "messages": [{"role": "user", "content": f"Question {number} of the bench"}]})
        self.socket.sendall(f"{self.head}{len(body)}\r\n\r\n{body}".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(65536)
        head, rest = data.split(b"\r\n\r\n", 1)
        left = int(re.search(rb"content-length: (\d+)", head, re.I)[1]) - len(rest)
        while left > 0:
            left -= len(self.socket.recv(65536))
        return re.search(rb"x-lectern-cache: (\w+)", head, re.I)[1].decode()


def own_times():
    """The histogram of our own time, as {bound: calls at most that long}."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics").read().decode()
    return {float(bound): int(count) for bound, count in re.findall(r'own_seconds_bucket\{le="([\d.]+)"\} (\d+)', text)}


def quantile(before, after, share):
    """In microseconds, between the bounds as if calls lay evenly there."""
    counts = [(bound, after[bound] - before[bound]) for bound in sorted(after)]
    wanted, low, below = share * counts[-1][1], 0.0, 0
    for bound, count in counts:
        if count >= wanted and count > below:
            return (low + (bound - low) * (wanted - below) / (count - below)) * 1e6
        low, below = bound, count
    return counts[-1][0] * 1e6


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(caller, pid, entries):
    kept = [caller.ask(i) for i in range(entries)].count("miss")
    time.sleep(2)  # what is recorded of these is written, and not counted below
    before, used = own_times(), processor_seconds(pid)
    hits = sum(caller.ask(i * 7919 % entries) == "hit" for i in range(HITS))
    used = (processor_seconds(pid) - used) / HITS * 1e6
    time.sleep(2)
    after = own_times()
    print(f"exact hits, {entries} entries ({kept} new, {hits} of {HITS} hit): our time p50 {quantile(before, after, .5):.1f} us, "
          f"p99 {quantile(before, after, .99):.1f} us; processor {used:.1f} us", flush=True)


def run(program, key_of, work, mock_source):
    mock = work / "mock_upstream"
    subprocess.run(["cc", "-O2", "-o", mock, mock_source], check=True)
    data = work / "hits"
    key = key_of(program, data)
    parts = [subprocess.Popen([mock, str(MOCK_PORT)], stdout=subprocess.DEVNULL),
             subprocess.Popen([program, "serve", "--data", data, "--listen", f"127.0.0.1:{PORT}", "--provider-url",
                               f"http://127.0.0.1:{MOCK_PORT}/v1", "--provider-key", "sk-mock", "--reactors", "1",
                               "--kept-answers-mb", "512"], stderr=subprocess.DEVNULL)]
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/ready")
                break
            except OSError:
                time.sleep(0.05)
        caller = Caller(key)
        for entries in (20, 100000):
            measure(caller, parts[1].pid, entries)
    finally:
        for part in parts:
            part.terminate()
            part.wait()
