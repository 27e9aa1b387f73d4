"""A Hub of the test suite's own: serves and takes one repository on localhost, and fails in every way on request."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class HubServer(ThreadingHTTPServer):
    """Serves `folder` as repository REPO at the tag v-something or COMMIT.

    fault: None, "corrupt" (one wrong byte), "cut" (half a body), "503" or "hang"; faults_left: how many answers to
    files of weights it spoils (None: all). token: what a client must show. gets, posts: the paths asked for.
    """

    daemon_threads = True

    def __init__(self, folder: Path, repo="plates/demo", revisions=()):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.repo, self.revisions = Path(folder), repo, {COMMIT, *revisions}
        self.fault, self.faults_left, self.token = None, None, None
        self.gets: list[str] = []
        self.posts: list[str] = []
        self.stop = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def close(self):
        self.stop.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.server.gets.append(self.path)
        self.answer(body=True)

    def do_POST(self):
        """What an upload asks for: make a repository, how to send which file, the commit itself, a tag."""
        hub = self.server
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        hub.posts.append(self.path)
        if hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}":
            return self.refuse(401, "RepoNotFound")
        if self.path == "/api/repos/create":
            return self.reply({"url": f"{hub.url}/{hub.repo}", "name": hub.repo, "id": hub.repo})
        if self.path.endswith("/preupload/main"):
            files = json.loads(text)["files"]
            answers = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files]
            return self.reply({"files": answers})
        if "/commit/" in self.path:
            for line in text.splitlines():
                step = json.loads(line)
                if step["key"] == "file":
                    path = hub.folder / step["value"]["path"]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(base64.b64decode(step["value"]["content"]))
            return self.reply(
                {"commitUrl": f"{hub.url}/{hub.repo}/commit/{COMMIT}", "commitOid": COMMIT, "success": True}
            )
        if "/tag/" in self.path:
            hub.revisions.add(json.loads(text)["tag"])
            return self.reply({})
        return self.reply({})

    def reply(self, document):
        data = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer(self, body: bool):
        hub = self.server
        if hub.fault == "hang":
            hub.stop.wait(20)
            return
        if hub.fault == "503":
            return self.refuse(503)
        if self.path.endswith("/refs") or "/refs?" in self.path:
            tags = [{"name": r, "ref": f"refs/tags/{r}", "targetCommit": COMMIT} for r in hub.revisions if r[0] == "v"]
            return self.reply({"tags": tags, "branches": [], "converts": []})
        parts = self.path.split("?")[0].strip("/").split("/")
        if "/".join(parts[:2]) != hub.repo or len(parts) < 5:
            return self.refuse(404, "RepoNotFound")
        if hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}":
            return self.refuse(401, "RepoNotFound")
        if parts[3] not in hub.revisions:
            return self.refuse(404, "RevisionNotFound")
        path = hub.folder.joinpath(*parts[4:])
        if not path.is_file():
            return self.refuse(404, "EntryNotFound")
        data = path.read_bytes()
        etag = hashlib.sha256(data).hexdigest()
        spoil = body and path.suffix == ".safetensors" and hub.fault and hub.faults_left != 0
        if spoil and hub.faults_left:
            hub.faults_left -= 1
        if spoil and hub.fault == "corrupt":
            data = data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]
        begin = 0
        if wanted := self.headers.get("Range"):
            begin = int(wanted.removeprefix("bytes=").split("-")[0])
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        self.send_header("ETag", f'"{etag}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        if body:
            cut = spoil and hub.fault == "cut"
            self.wfile.write(data[begin : begin + (len(data) - begin) // 2] if cut else data[begin:])
            if cut:
                self.wfile.flush()
                self.connection.close()
                self.close_connection = True

    def refuse(self, status: int, code: str | None = None):
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass
