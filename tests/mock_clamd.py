"""ClamAV's daemon as far as INSTREAM goes: finds the word INFECTED."""
import socket
import struct
import threading


class Clamd:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                self.answer(connection, stream)

    @staticmethod
    def answer(connection, stream):
        stream.read(len(b"zINSTREAM\0"))
        content = b""
        while size := struct.unpack("!I", stream.read(4))[0]:
            content += stream.read(size)
        found = b"Test.Word FOUND" if b"INFECTED" in content else b"OK"
        connection.sendall(b"stream: " + found + b"\0")

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
