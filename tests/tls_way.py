"""TLS in front of a server that speaks none: passes connections on behind it. Of PostgreSQL's, which ask for it first, too."""
import contextlib
import socket
import ssl
import struct
import threading

SSL_REQUEST = struct.pack("!II", 8, 80877103)


class TlsWay:
    def __init__(self, context, target, is_postgres=False):
        self.context, self.target, self.is_postgres = context, target, is_postgres
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError, ssl.SSLError), connection:
            if self.is_postgres:
                if connection.recv(8, socket.MSG_WAITALL) != SSL_REQUEST:
                    return
                connection.sendall(b"S")
            with self.context.wrap_socket(connection, server_side=True) as secret, socket.create_connection(("127.0.0.1", self.target)) as there:
                back = threading.Thread(target=pass_on, args=(there, secret), daemon=True)
                back.start()
                pass_on(secret, there)
                back.join()

    def stop(self):
        self.listener.close()


def pass_on(source, target):
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
