"""Many visitors at once at a page: is anything mixed up, are the many refused in a friendly way, does memory grow?"""

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
    """What one visitor got: the text read, or the words of a refusal; and after how many seconds."""

    text: str | None
    refusal: str
    seconds: float


class Page:
    """The demo in a process of its own, on a free port; `with` starts it and shuts it down."""

    def __enter__(self) -> Page:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.folder = tempfile.TemporaryDirectory()
        said = {
            "GRADIO_TEMP_DIR": self.folder.name,
            "GRADIO_ANALYTICS_ENABLED": "0",
            "SPACE_ID": "",
        }  # opens no browser
        command = [sys.executable, "-m", "lpgan_demo", "demo", "--port", str(port)]
        self.process = subprocess.Popen(command, env=os.environ | said, stdout=subprocess.DEVNULL)
        for _ in range(240):
            time.sleep(0.5)
            if self.process.poll() is not None:
                raise RuntimeError("the page did not start")
            try:
                if httpx.get(self.url + "/healthz", timeout=2).text == "ok":
                    self.own = self._all_files()
                    return self
            except httpx.HTTPError:
                pass
        raise RuntimeError("the page did not answer within two minutes")

    def __exit__(self, *error) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def megabytes(self) -> float:
        """Memory of the page's process that is in use now (Linux; elsewhere nan)."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return float("nan")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def files(self) -> int:
        """How many files the page keeps for its visitors; its own examples are not counted."""
        return len(self._all_files() - self.own)

    def _all_files(self) -> set[Path]:
        return {path for path in Path(self.folder.name).rglob("*") if path.is_file()}

    def shut_down(self, how: signal.Signals = signal.SIGTERM) -> dict:
        """Ask it to end while a browser's tab is open: seconds it took, exit status, visitors' files it left."""
        tab = threading.Thread(target=self._open_tab, daemon=True)
        tab.start()
        time.sleep(1)
        start = time.perf_counter()
        self.process.send_signal(how)
        try:
            status: object = self.process.wait(60)
        except subprocess.TimeoutExpired:
            status = "still running"
        return {"seconds": round(time.perf_counter() - start, 2), "exit status": status, "files left": self.files()}

    def _open_tab(self) -> None:
        """A connection that lasts as long as the page, as every browser keeps one."""
        try:
            with httpx.stream("GET", self.url + "/gradio_api/heartbeat/tab", timeout=None) as stream:
                for _ in stream.iter_bytes():
                    pass
        except httpx.HTTPError:
            pass


def plates(count: int) -> dict[str, bytes]:
    """Different texts, and the PNG of a rendered plate with each."""
    rng, layout = np.random.default_rng(7), get_layout("cn_blue")
    made: dict[str, bytes] = {}
    while len(made) < count:
        text = layout.random_text(rng)
        made[text] = encode_png(resize(standard_plate(text, layout), (48, 144)))
    return made


async def ask(client: httpx.AsyncClient, picture: bytes, call: str = "read_plate") -> Answer:
    """One visitor's turn: upload a picture, wait in the queue, take the answer."""
    start = time.perf_counter()
    spent = lambda: round(time.perf_counter() - start, 2)  # noqa: E731
    sent = await client.post("/gradio_api/upload", files={"files": ("plate.png", picture, "image/png")})
    if sent.is_error:
        return Answer(None, _words(sent), spent())
    file = {"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}
    asked = await client.post(f"/gradio_api/call/{call}", json={"data": [file]})
    if asked.is_error:
        return Answer(None, _words(asked), spent())
    async with client.stream("GET", f"/gradio_api/call/{call}/{asked.json()['event_id']}") as stream:
        event = ""
        async for line in stream.aiter_lines():
            event = line[7:] if line.startswith("event: ") else event
            if line.startswith("data: ") and event == "complete":
                read = json.loads(line[6:])[-1]
                read = read if isinstance(read, list) else [read]  # a photo has any number of plates
                return Answer(" ".join(plate["text"] for plate in read), "", spent())
            if line.startswith("data: ") and event == "error":
                return Answer(None, line[6:], spent())
    return Answer(None, "the connection ended", spent())


def _words(response: httpx.Response) -> str:
    try:
        return str(response.json().get("detail", response.text))
    except ValueError:
        return f"{response.status_code} {response.text[:200]}"


async def rush(url: str, count: int, patience: float = 120.0) -> dict:
    """So many visitors in one moment, each with a plate of its own; a refused one asks again after a while."""
    expected = plates(count)
    async with _client(url) as client:
        first = await asyncio.gather(*(ask(client, picture) for picture in expected.values()))
        begun = time.perf_counter()

        async def again(picture: bytes, answer: Answer) -> Answer:
            while answer.text is None and time.perf_counter() - begun < patience:
                await asyncio.sleep(random.uniform(0.5, 4))
                answer = await ask(client, picture)
            return answer

        last = await asyncio.gather(*map(again, expected.values(), first))
    return {
        "visitors": count,
        "served at once": sum(answer.text is not None for answer in first),
        "refused at first, in these words": dict(Counter(a.refusal for a in first if a.text is None)),
        "slowest of the first answers, seconds": max((a.seconds for a in first if a.text is not None), default=None),
        "served in the end": sum(answer.text is not None for answer in last),
        "got another visitor's plate": mixed_up(list(expected), [answer.text for answer in last]),
        "read exactly": sum(text == answer.text for text, answer in zip(expected, last)),
    }


def mixed_up(sent: list[str], got: list[str | None]) -> int:
    """How many were answered with a text that is not theirs but somebody else's."""
    others = set(sent)
    return sum(answer != text and answer in others for text, answer in zip(sent, got))


async def soak(page: Page, minutes: float, visitors: int = 8, every: float = 60.0) -> dict:
    """So many visitors who come and go for so long: good pictures, broken ones, and some who leave without waiting."""
    expected = list(plates(200).items())
    texts = {text for text, _ in expected}
    counts: Counter = Counter()
    until = time.perf_counter() + 60 * minutes

    async def visitor(number: int) -> None:
        rng = random.Random(number)
        async with _client(page.url) as client:
            while time.perf_counter() < until:
                text, picture = rng.choice(expected)
                kind = rng.choices(("plate", "photo", "broken", "leaves"), (6, 2, 1, 1))[0]
                if kind == "broken":
                    picture = picture[: len(picture) // 2]
                call = ask(client, picture, "read_photo" if kind == "photo" else "read_plate")
                try:
                    answer = await asyncio.wait_for(call, 0.03 if kind == "leaves" else 60)
                    outcome = "read" if answer.text == text else "refused" if answer.text is None else "misread"
                    if outcome == "misread" and answer.text in texts:
                        outcome = "another visitor's plate"
                    counts[f"{kind}: {outcome}"] += 1
                except TimeoutError:
                    counts[f"{kind}: not waited for"] += 1
                await asyncio.sleep(rng.uniform(0, 2))

    async def watch() -> list[float]:
        seen = []
        while time.perf_counter() < until:
            await asyncio.sleep(min(every, max(0.1, until - time.perf_counter())))
            seen.append(round(page.megabytes()))
        return seen

    memory, *_ = await asyncio.gather(watch(), *(visitor(number) for number in range(visitors)))
    return {"minutes": minutes, "turns": dict(sorted(counts.items())), "memory each minute, MB": memory}


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=300, limits=httpx.Limits(max_connections=None))


def simulate_visitors(count: int = 200, minutes: float = 0.0) -> dict:
    """Start the page; a rush, a soak if minutes are given, another rush, shut it down: all figures."""
    with Page() as page:
        report = {"memory at the start, MB": round(page.megabytes())}
        report["rush"] = asyncio.run(rush(page.url, count))
        report["memory after it, MB"] = round(page.megabytes())
        if minutes:
            report["soak"] = asyncio.run(soak(page, minutes))
            report["files kept for visitors after it"] = page.files()
            report["another rush"] = asyncio.run(rush(page.url, count))
            report["memory in the end, MB"] = round(page.megabytes())
        report["shut down"] = page.shut_down()
        return report
