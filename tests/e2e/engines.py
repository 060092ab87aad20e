"""Stand-ins for an engine: a listener that misbehaves, a proxy in front of a real one, and a replay of
what a real one once said (recorded/*.http, made by record.py)."""
import contextlib
import pathlib
import re
import socket
import threading
import time

RECORDED = pathlib.Path(__file__).resolve().parent / "recorded"

# What a session asks, in order; the first match names the request.
REQUESTS = [
    ("ping", r"(GET|HEAD) (/v[\d.]+)?/_ping"),
    ("info", r"GET (/v[\d.]+)?/info"),
    ("version", r"GET (/v[\d.]+)?/version"),
    ("image", r"GET (/v[\d.]+)?/images/\S+/json"),
    ("list", r"GET (/v[\d.]+)?/containers/json"),
    ("create", r"POST (/v[\d.]+)?/containers/create"),
    ("attach", r"POST (/v[\d.]+)?/containers/\S+/attach"),
    ("start", r"POST (/v[\d.]+)?/containers/\S+/start"),
    ("wait", r"POST (/v[\d.]+)?/containers/\S+/wait"),
    ("remove", r"DELETE (/v[\d.]+)?/containers/"),
    ("state", r"GET (/v[\d.]+)?/containers/\S+/json"),
]


def name_of(head):
    text = head.decode("latin-1")
    return next((name for name, pattern in REQUESTS if re.match(pattern, text)), text.split("\r\n", 1)[0])


def read_request(connection):
    """(head, body), or None when the peer hung up."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n", body


class Listener:
    """Calls `talk(connection)` in a thread of its own for each connection; closes it afterwards."""

    def __init__(self, path, talk):
        self.path = str(path)
        self.talk = talk
        self.open = set()
        self.lock = threading.Lock()
        self.is_dead = False
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        self.socket.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.die()

    @property
    def url(self):
        return "unix://" + self.path

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with self.lock:
                self.open.add(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError):
            self.talk(connection)
        with self.lock:
            self.open.discard(connection)
        close(connection)

    def die(self):
        """As a killed engine does: every connection ends, and nobody listens any more."""
        self.is_dead = True
        close(self.socket)
        with self.lock:
            connections, self.open = self.open, set()
        for connection in connections:
            close(connection)


def close(connection):
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


class Answering(Listener):
    """Calls `answer(connection, name, head, body)` for the one request that each connection carries; the
    requests' names, in order, are in SEEN."""

    def __init__(self, path):
        self.seen = []
        super().__init__(path, self.receive)

    def receive(self, connection):
        request = read_request(connection)
        if request:
            name = name_of(request[0])
            self.seen.append(name)
            self.answer(connection, name, *request)


class Proxy(Answering):
    """In front of the engine at BACKEND. A connection carries one request, so that every answer ends
    with its connection. FAULTS: {name: offset}: that request's first answer stops there. DELAYS:
    {name: seconds}: each such request reaches the engine that much later. DEAF: the names whose requests
    reach it, but whose answers never come through."""

    def __init__(self, path, backend, faults=None, record=None, delays=None, deaf=()):
        self.backend = backend
        self.faults = dict(faults or {})
        self.delays, self.deaf = dict(delays or {}), deaf
        self.record = record
        super().__init__(path)

    def answer(self, connection, name, head, body):
        cut = 0 if name in self.deaf else self.faults.pop(name, None)
        time.sleep(self.delays.get(name, 0))
        upgrade = re.search(rb"(?i)\r\nupgrade:", head) is not None
        if not upgrade:
            head = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head[:-2]) + b"Connection: close\r\n\r\n"
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as engine:
            engine.connect(self.backend)
            engine.sendall(head + body)
            if upgrade:
                threading.Thread(target=self.upstream, args=(connection, engine), daemon=True).start()
            self.downstream(name, engine, connection, cut)

    @staticmethod
    def upstream(connection, engine):
        with contextlib.suppress(OSError):
            while data := connection.recv(65536):
                engine.sendall(data)
            engine.shutdown(socket.SHUT_WR)

    def downstream(self, name, engine, connection, cut):
        sent = b"" if self.record is not None else None
        left = cut
        while data := engine.recv(65536):
            if sent is not None:
                sent += data
            if left is not None:
                data = data[:left]
                left -= len(data)
            with contextlib.suppress(OSError):
                connection.sendall(data)
            if left == 0:
                return
        if sent is not None:
            self.record.setdefault(name, sent)


class Replay(Answering):
    """Answers with recorded bytes. DIES_AT: (name, offset): the whole engine ends at that byte of that answer."""

    def __init__(self, path, dies_at=None, folder=RECORDED):
        self.answers = {file.stem: file.read_bytes() for file in folder.glob("*.http")}
        self.dies_at = dies_at
        self.started = threading.Event()
        self.token = None
        super().__init__(path)

    def answer(self, connection, name, _, body):
        data = self.answers.get(name, b"HTTP/1.1 501 Not Recorded\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        if name == "create":
            self.token = re.search(rb"SANDWATCH_TOKEN=(\w+)", body)[1]
        if name == "start":
            self.started.set()
        if name == "attach":
            self.attach(connection, data)
            return
        self.send(connection, name, data, 0)
        if not self.is_dead:
            # The client hangs up: it saw the answer's end.
            while connection.recv(65536):
                pass

    def attach(self, connection, data):
        header, _, frames = data.partition(b"\r\n\r\n")
        header += b"\r\n\r\n"
        frames = re.sub(rb"(?<=\x1esw1 )\w{32}", self.token, frames)
        self.send(connection, "attach", header, 0)
        if not self.is_dead and self.started.wait(30):
            self.send(connection, "attach", frames, len(header))

    def send(self, connection, name, data, offset):
        if self.dies_at and self.dies_at[0] == name and offset <= self.dies_at[1] < offset + len(data):
            connection.sendall(data[:self.dies_at[1] - offset])
            self.die()
        else:
            connection.sendall(data)
