"""Load test of the page (`bench --visitors`): are answers mixed up, how are visitors refused, does memory grow?"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from ..images import encode_png, resize
from ..plates import get_layout
from ..plates.standard import standard_plate


@dataclass(frozen=True)
class Answer:
    """What one visitor got: the text read (None: refused), the reason of a refusal, and the seconds it took."""

    text: str | None
    refusal: str
    seconds: float


class DemoProcess:
    """The demo in a process of its own on a free port, at `url`; `with` starts it and, if it still runs, kills it."""

    def __enter__(self) -> DemoProcess:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.folder = tempfile.TemporaryDirectory()
        # SPACE_ID, as on a Space: no browser is opened
        environment = {"GRADIO_TEMP_DIR": self.folder.name, "GRADIO_ANALYTICS_ENABLED": "0", "SPACE_ID": ""}
        command = [sys.executable, "-m", "lpgan_demo", "demo", "--port", str(port)]
        self.process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)
        for _ in range(240):
            time.sleep(0.5)
            if self.process.poll() is not None:
                raise RuntimeError("the page did not start")
            try:
                if httpx.get(self.url + "/healthz", timeout=2).text == "ok":
                    self.own_files = self._all_files()
                    return self
            except httpx.HTTPError:
                pass
        raise RuntimeError("the page did not answer within two minutes")

    def __exit__(self, *error) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def memory_megabytes(self) -> float:
        """Resident memory of the process now; nan elsewhere than on Linux."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return float("nan")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def visitor_files(self) -> int:
        """How many files it keeps for its visitors; its own examples are not counted."""
        return len(self._all_files() - self.own_files)

    def _all_files(self) -> set[Path]:
        return {path for path in Path(self.folder.name).rglob("*") if path.is_file()}

    def shut_down(self, stop_signal: signal.Signals = signal.SIGTERM) -> dict:
        """Ask it to end while a browser's tab is open -> seconds it took, exit status, visitors' files it left."""
        threading.Thread(target=self._hold_connection, daemon=True).start()
        time.sleep(1)
        start = time.perf_counter()
        self.process.send_signal(stop_signal)
        try:
            status: object = self.process.wait(60)
        except subprocess.TimeoutExpired:
            status = "still running"
        seconds = round(time.perf_counter() - start, 2)
        return {"seconds": seconds, "exit status": status, "files left": self.visitor_files()}

    def _hold_connection(self) -> None:
        """Stay connected as long as the page lives, as a browser's tab does."""
        try:
            with httpx.stream("GET", self.url + "/gradio_api/heartbeat/tab", timeout=None) as stream:
                for _ in stream.iter_bytes():
                    pass
        except httpx.HTTPError:
            pass


def distinct_plates(count: int) -> dict[str, bytes]:
    """`count` different texts, and for each the PNG of a standard plate, 144 x 48 pixels."""
    rng, layout = np.random.default_rng(7), get_layout("cn_blue")
    pictures: dict[str, bytes] = {}
    while len(pictures) < count:
        text = layout.random_text(rng)
        pictures[text] = encode_png(resize(standard_plate(text, layout), (48, 144)))
    return pictures


async def request_reading(client: httpx.AsyncClient, picture: bytes, call: str = "read_plate") -> Answer:
    """Upload a PNG and wait for the API's answer to `call`: one plate's text, or a photo's, joined by blanks."""
    start = time.perf_counter()
    text, refusal = await _upload_and_read(client, picture, call)
    return Answer(text, refusal, round(time.perf_counter() - start, 2))


async def _upload_and_read(client: httpx.AsyncClient, picture: bytes, call: str) -> tuple[str | None, str]:
    """(text, "") or (None, reason of the refusal)."""
    upload = await client.post("/gradio_api/upload", files={"files": ("plate.png", picture, "image/png")})
    if upload.is_error:
        return None, _error_text(upload)
    file = {"path": upload.json()[0], "meta": {"_type": "gradio.FileData"}}
    queued = await client.post(f"/gradio_api/call/{call}", json={"data": [file]})
    if queued.is_error:
        return None, _error_text(queued)
    async with client.stream("GET", f"/gradio_api/call/{call}/{queued.json()['event_id']}") as stream:
        event = ""
        async for line in stream.aiter_lines():
            event = line[7:] if line.startswith("event: ") else event
            if line.startswith("data: ") and event == "complete":
                plates = json.loads(line[6:])[-1]
                plates = plates if isinstance(plates, list) else [plates]  # a photo has any number of plates
                return " ".join(plate["text"] for plate in plates), ""
            if line.startswith("data: ") and event == "error":
                return None, line[6:]
    return None, "the connection ended"


def _error_text(response: httpx.Response) -> str:
    """The API's message; without one, the status and the beginning of the body."""
    try:
        return str(response.json().get("detail", response.text))
    except ValueError:
        return f"{response.status_code} {response.text[:200]}"


async def rush(url: str, count: int, retry_seconds: float = 120.0) -> dict:
    """Send `count` visitors in one moment, each with a plate of its own; refused ones retry for `retry_seconds`."""
    expected = distinct_plates(count)
    async with _client(url) as client:
        first = await asyncio.gather(*(request_reading(client, picture) for picture in expected.values()))
        start = time.perf_counter()

        async def retry(picture: bytes, answer: Answer) -> Answer:
            while answer.text is None and time.perf_counter() - start < retry_seconds:
                await asyncio.sleep(random.uniform(0.5, 4))
                answer = await request_reading(client, picture)
            return answer

        last = await asyncio.gather(*map(retry, expected.values(), first))
    return {
        "visitors": count,
        "served at once": sum(answer.text is not None for answer in first),
        "refused at first, in these words": dict(Counter(a.refusal for a in first if a.text is None)),
        "slowest of the first answers, seconds": max((a.seconds for a in first if a.text is not None), default=None),
        "served in the end": sum(answer.text is not None for answer in last),
        "got another visitor's plate": count_mixed_up(list(expected), [answer.text for answer in last]),
        "read exactly": sum(text == answer.text for text, answer in zip(expected, last)),
    }


def count_mixed_up(sent: list[str], got: list[str | None]) -> int:
    """How many visitors got the text of another visitor's plate."""
    return sum(answer != text and answer in sent for text, answer in zip(sent, got))


async def soak(page: DemoProcess, minutes: float, visitors: int = 8, sample_seconds: float = 60.0) -> dict:
    """Let visitors come and go: of ten turns, six read a plate, two a photo, one file is broken, one leaves early."""
    expected = distinct_plates(200)
    counts: Counter = Counter()
    deadline = time.perf_counter() + 60 * minutes

    async def visitor(number: int) -> None:
        rng = random.Random(number)
        async with _client(page.url) as client:
            while time.perf_counter() < deadline:
                text, picture = rng.choice(list(expected.items()))
                kind = rng.choices(("plate", "photo", "broken", "leaves"), (6, 2, 1, 1))[0]
                if kind == "broken":
                    picture = picture[: len(picture) // 2]
                call = request_reading(client, picture, "read_photo" if kind == "photo" else "read_plate")
                try:
                    answer = await asyncio.wait_for(call, 0.03 if kind == "leaves" else 60)
                    outcome = "read" if answer.text == text else "refused" if answer.text is None else "misread"
                    if outcome == "misread" and answer.text in expected:
                        outcome = "another visitor's plate"
                    counts[f"{kind}: {outcome}"] += 1
                except TimeoutError:
                    counts[f"{kind}: not waited for"] += 1
                await asyncio.sleep(rng.uniform(0, 2))

    async def sample_memory() -> list[float]:
        samples = []
        while time.perf_counter() < deadline:
            await asyncio.sleep(min(sample_seconds, max(0.1, deadline - time.perf_counter())))
            samples.append(round(page.memory_megabytes()))
        return samples

    memory, *_ = await asyncio.gather(sample_memory(), *(visitor(number) for number in range(visitors)))
    return {"minutes": minutes, "turns": dict(sorted(counts.items())), "memory each minute, MB": memory}


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=300, limits=httpx.Limits(max_connections=None))


def simulate_visitors(count: int = 200, minutes: float = 0.0) -> dict:
    """Start the page, `rush` with `count` visitors, if minutes are given `soak` and rush again, shut it down."""
    with DemoProcess() as page:
        report = {"memory at the start, MB": round(page.memory_megabytes())}
        report["rush"] = asyncio.run(rush(page.url, count))
        report["memory after it, MB"] = round(page.memory_megabytes())
        if minutes:
            report["soak"] = asyncio.run(soak(page, minutes))
            report["files kept for visitors after it"] = page.visitor_files()
            report["another rush"] = asyncio.run(rush(page.url, count))
            report["memory in the end, MB"] = round(page.memory_megabytes())
        report["shut down"] = page.shut_down()
        return report
