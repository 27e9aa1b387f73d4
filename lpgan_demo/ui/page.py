"""The page: tabs for one photo, a bad plate of one's own, many photos, video, comparison; and how it is served."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import signal

import gradio as gr
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from .components import EXAMPLES, Words, pipeline
from .reading_panel import CSS
from .tabs.about import TUTORIALS, about_tab
from .tabs.compare import compare_tab
from .tabs.make import make_tab
from .tabs.many import many_tab
from .tabs.photo import photo_tab
from .tabs.video import video_tab
from .words import language_of

PAGE_CSS = (
    CSS
    + """
#examples img, #compare-examples img {object-fit: contain !important}
#compare-pictures .thumbnail-item {aspect-ratio: 3 / 1.7}
#compare-pictures .thumbnail-item img {object-position: top}
#video-frames .thumbnail-item {aspect-ratio: 3 / 1.3}
#compare-pictures .grid-container {grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)) !important}
#many-table th, #many-table td, #video-table th, #video-table td {word-break: normal; overflow-wrap: normal}
#language label:has(input:focus-visible), #choice label:has(input:focus-visible)
  {outline: 3px solid var(--color-accent); outline-offset: 2px}
#tabs [role=tab] {overflow: visible}
#tabs [role=tab][aria-selected=true], #tabs label > span {color: #4338ca}
.dark #tabs [role=tab][aria-selected=true], .dark #tabs label > span {color: #a5b4fc}
#tabs #choice label > span {color: var(--body-text-color)}
#tabs #choice label.selected > span {color: white}
#examples .label, #compare-examples .label, #tabs [data-testid=block-label], #tabs [data-testid=block-info]
  {color: var(--body-text-color)}
#measured table {display: block; overflow-x: auto; white-space: nowrap}
"""
)

THEME = gr.themes.Soft(font=["system-ui", "Noto Sans", "sans-serif"], font_mono=["ui-monospace", "monospace"]).set(
    button_primary_background_fill="*primary_600",
    body_text_color_subdued="*neutral_600",
    checkbox_label_background_fill_selected="*primary_600",
)
"""System fonts: nothing is fetched from elsewhere, and 0, O, W, Z look as they should."""


TELL_LANGUAGE = "language => {document.documentElement.lang = language}"
"""Tells the browser, and a screen reader, which language the page speaks."""


def build() -> gr.Blocks:
    """The page as Gradio Blocks; nothing is loaded and no port is opened."""
    with gr.Blocks(
        title="LPGAN: read the plate nobody can read", analytics_enabled=False, delete_cache=(300, 300)
    ) as page:
        words = Words()
        words(gr.Markdown, "intro")
        with gr.Tabs(elem_id="tabs"):
            with words(gr.Tab, "tab_photo", id="photo"):
                photo_tab(words)
            with words(gr.Tab, "tab_make", id="make") as make:
                make_tab(words, make)
            with words(gr.Tab, "tab_many", id="many"):
                many_tab(words)
            with words(gr.Tab, "tab_video", id="video"):
                video_tab(words)
            with words(gr.Tab, "tab_compare", id="compare"):
                compare_tab(words)
            with words(gr.Tab, "tab_about", id="about"):
                about_tab(words)

        def greet(request: gr.Request):
            language = language_of(request.headers.get("accept-language"))
            return language, *(words.say_in(language) if language != "en" else [gr.skip()] * len(words.components()))

        unseen = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
        page.load(greet, None, [words.language, *words.components()], **unseen)
        words.language.change(None, words.language, None, js=TELL_LANGUAGE, **unseen)
        words.language.input(words.say_in, words.language, words.components(), **unseen)
    page.queue(max_size=32, default_concurrency_limit=1)
    return page


def healthy(request) -> PlainTextResponse:
    """/healthz: "ok" once the networks are loaded."""
    return PlainTextResponse("ok" if pipeline.cache_info().currsize else "loading", 200)


def serving(**options) -> dict:
    """What `Blocks.launch` is called with: looks, limits, manners; options are added."""
    notebooks = [Mount("/tutorials", StaticFiles(directory=TUTORIALS))] if TUTORIALS.is_dir() else []
    return {
        "css": PAGE_CSS,
        "theme": THEME,
        "run_history": False,
        "enable_monitoring": False,
        "max_file_size": "30mb",
        "state_session_capacity": 200,
        "allowed_paths": [str(EXAMPLES)],
        "show_error": True,
        "footer_links": ["api", "gradio"],
        "mcp_server": importlib.util.find_spec("mcp") is not None,
        "app_kwargs": {"routes": [Route("/healthz", healthy), *notebooks]},
    } | options


def warm_up() -> None:
    """Load the networks and use them once, so that the first visitor does not wait for that."""
    pipeline()(next(EXAMPLES.glob("*.png")))


PATIENCE = 2
"""Seconds that open connections, such as every open browser tab, are given when the page is shut down."""


class _Hangups(logging.Filter):
    """Keeps from the terminal what is no news: that a visitor, or the whole page, left in the middle of something."""

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        return "graceful shutdown" not in record.getMessage() and (
            kind is None or not issubclass(kind, (asyncio.CancelledError, ClientDisconnect))
        )


def launch(port: int | None = None, **options) -> None:
    """Serve the page until it is interrupted and, except on a Space, open it in the browser.

    options go to gradio's launch(). What visitors sent is deleted at the end.
    """
    warm_up()
    logging.getLogger("uvicorn.error").addFilter(_Hangups())
    page = build()
    page.launch(
        inbrowser="SPACE_ID" not in os.environ, server_port=port, **serving(prevent_thread_lock=True, **options)
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a server that is stopped ends as by Ctrl-C
    page.server.config.timeout_graceful_shutdown = PATIENCE  # else it waits for them for ever, and deletes nothing
    page.block_thread()
