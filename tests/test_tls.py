"""HTTPS by files: what is spoken, what is refused, and certificates that change."""
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from conftest import Server, free_port, make_certificate, wait_until


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("tls")
    make_certificate(made)
    return made


@pytest.fixture(scope="module")
def server(folder, tmp_path_factory):
    before = os.environ.get("REQUESTS_CA_BUNDLE")
    os.environ["REQUESTS_CA_BUNDLE"] = str(folder / "cert.pem")
    redirect = free_port()
    started = Server(tmp_path_factory.mktemp("data") / "library", arguments=["--tls-redirect", f"127.0.0.1:{redirect}"], environment={
        "LECTERN_TLS_CERTIFICATE": str(folder / "cert.pem"), "LECTERN_TLS_KEY": str(folder / "key.pem")})
    started.url = started.url.replace("http:", "https:")
    started.redirect = redirect
    started.start()
    started.new_key()
    yield started
    started.stop()
    if before is None:
        del os.environ["REQUESTS_CA_BUNDLE"]
    else:
        os.environ["REQUESTS_CA_BUNDLE"] = before


def context_of(folder, **versions):
    context = ssl.create_default_context(cafile=folder / "cert.pem")
    context.set_alpn_protocols(["h2", "http/1.1"])
    for name, version in versions.items():
        setattr(context, name, version)
    return context


def connect(server, context):
    return context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), timeout=20), server_hostname="127.0.0.1")


def raw(port, sent):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        s.sendall(sent)
        try:
            s.shutdown(socket.SHUT_WR)
        except OSError:
            return b""  # ended already
        got = b""
        while piece := s.recv(4096):
            got += piece
        return got


def read_until(s, part):
    got = b""
    while part not in got:
        piece = s.recv(4096)
        assert piece, got
        got += piece
    return got


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_speak_http_and_many_requests_share_a_connection(server, folder, version):
    with connect(server, context_of(folder, minimum_version=version, maximum_version=version)) as s:
        assert s.selected_alpn_protocol() == "http/1.1"
        for _ in range(3):
            s.sendall(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = read_until(s, b'"ready"')
            assert answer.startswith(b"HTTP/1.1 200") and b"Strict-Transport-Security" in answer
        s.sendall(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n" * 4)
        whole = b""
        while whole.count(b'"ready"') < 4:
            whole += s.recv(4096)


def test_older_versions_are_refused(server, folder):
    context = context_of(folder)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(server, context)


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"])
def test_plain_http_is_told_what_is_spoken(server, sent):
    assert raw(server.port, sent).startswith(b"HTTP/1.1 400 ") and b"HTTPS is spoken here" in raw(server.port, sent)


@pytest.mark.parametrize("sent", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 600, b"\x16\x03\x01\xff\xff" + b"A" * 70000,
                                  b"SSH-2.0-x\r\n", b"\x80\x2e\x01\x00\x02" + b"\x01" * 44])
def test_what_is_no_hello_ends_the_connection_and_nothing_else(server, sent):
    try:
        answer = raw(server.port, sent)
    except ConnectionError:
        answer = b""
    assert b"HTTP" not in answer
    assert server.get("/ready").status_code == 200


def test_a_connection_can_be_left_in_the_middle_of_its_hello(server, folder):
    """Many who begin and say no more do not keep others out."""
    waiting = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    for s in waiting:
        s.sendall(b"\x16\x03\x01\x02\x00\x01")
    assert server.get("/ready").status_code == 200
    for s in waiting:
        s.close()


def test_large_files_go_both_ways_whole_also_to_a_reader_that_pauses(server, folder):
    """Then the server's writes have to wait, and go on with the same bytes."""
    content = os.urandom(3 << 20).hex().encode()
    document = server.upload(("large.txt", content))[0]
    path = f"/v1/documents/{document['id']}/original"
    assert server.get(path).content == content
    some = server.get(path, headers={"Range": "bytes=70000-1070000"})
    assert some.status_code == 206 and some.content == content[70000:1070001]
    with connect(server, context_of(folder)) as s:
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {server.key}\r\n\r\n".encode())
        assert server.get("/ready").status_code == 200
        got = b"".join(iter(lambda: s.recv(1 << 16), b""))
    assert got.split(b"\r\n\r\n", 1)[1] == content


def test_events_and_sockets_are_spoken_over_tls(server, folder):
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {server.key}\r\n"
    with connect(server, context_of(folder)) as s:
        s.sendall(f"GET /v1/events HTTP/1.1\r\n{head}\r\n".encode())
        read_until(s, b"event: hello")
    with connect(server, context_of(folder)) as s:
        s.sendall(f"GET /ws HTTP/1.1\r\n{head}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        assert b" 101 " in read_until(s, b"hello")
        s.sendall(b"\x81\x8f\0\0\0\0" + b'{"type":"ping"}')
        read_until(s, b"pong")


@pytest.mark.parametrize("host,target,status,location", [
    ("127.0.0.1:80", "/a?b=c", 308, "https://127.0.0.1:{port}/a?b=c"),
    ("library.example.org", "/", 308, "https://library.example.org:{port}/"),
    ("[::1]:80", "/x", 308, "https://[::1]:{port}/x"),
    ("evil.example/", "/", 400, None),
    ("a b", "/", 400, None),
    ("", "/", 400, None),
    ("x", "http://evil.example/y", 308, "https://x:{port}/"),
])
def test_the_second_port_sends_to_https_and_nowhere_else(server, host, target, status, location):
    answer = raw(server.redirect, f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).decode()
    assert answer.startswith(f"HTTP/1.1 {status} "), answer
    if location:
        assert f"\r\nLocation: {location.format(port=server.port)}\r\n" in answer


def serial(server):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connect(server, context) as s:
        return s.getpeercert(binary_form=True)


def test_another_certificate_is_used_from_then_on_and_a_wrong_one_is_not(server, folder, tmp_path):
    kept = http.client.HTTPSConnection("127.0.0.1", server.port, context=context_of(folder), timeout=20)
    kept.request("GET", "/ready")
    kept.getresponse().read()
    before = serial(server)
    make_certificate(tmp_path)
    shutil.copy(tmp_path / "cert.pem", folder / "cert.pem")  # and not yet its key
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "the certificate of before is used on: tls_key" in server.log.read_text())
    assert serial(server) == before
    shutil.copy(tmp_path / "key.pem", folder / "key.pem")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: serial(server) != before)
    kept.request("GET", "/ready")
    assert kept.getresponse().status == 200, "the connection goes on"
    assert http.client.HTTPSConnection("127.0.0.1", server.port, context=context_of(folder), timeout=20).connect() is None


@pytest.mark.parametrize("settings,told", [
    (["--tls-certificate", "/nowhere.pem"], "belong together"),
    (["--tls-certificate", "/nowhere.pem", "--tls-key", "/nowhere.pem"], "tls_certificate /nowhere.pem"),
    (["--tls-redirect", "127.0.0.1:0"], "needs tls_certificate"),
])
def test_a_server_with_wrong_files_says_so_and_does_not_start(tmp_path, settings, told):
    server = Server(tmp_path / "library")
    done = subprocess.run([*server.command("serve"), "--listen", "127.0.0.1:0", *settings], env=server.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and told in done.stderr
