"""The page with its tabs, and how it is served."""

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

from .components import Words, examples_folder, pipeline
from .reading_panel import CSS
from .tabs.about import TUTORIALS, about_tab
from .tabs.compare import compare_tab
from .tabs.make import make_tab
from .tabs.many import many_tab
from .tabs.photo import photo_tab, show_first
from .tabs.video import video_tab
from .words import WORDS, language_of

PAGE_CSS = (
    CSS
    + """
#examples img, #compare-examples img {object-fit: contain !important}
#compare-pictures .thumbnail-item {aspect-ratio: 3 / 1.7}
#compare-pictures .thumbnail-item img {object-position: top}
#video-frames .thumbnail-item {aspect-ratio: 3 / 1.3}
#compare-pictures .grid-container {grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)) !important}
#many-table th, #many-table td, #video-table th, #video-table td {word-break: normal; overflow-wrap: normal}
#intro {min-height: 6rem}
#language {min-height: 2.6rem}
#photo-in, #photo-out {min-width: 0 !important}
#reading {min-height: 22rem}
#source {min-height: 220px}
#photo-out:has(.plate-error) .gr-accordion {display: none}
#examples {min-height: 8rem}
@media (max-width: 700px) {
  #intro {min-height: 12rem}
  #photo-in {display: contents}
  #photo-row > *, #photo-in > * {order: 1; width: 100%}
  #photo-out {order: 2}
  #photo-in > .form {order: 3}
  #examples {order: 4 !important}
  #reading:not(:has(.plate-error)) {min-height: 38rem}
  #photo-out:not(:has(.plate-error)) {min-height: 44rem}
}
#language label:has(input:focus-visible), #kind label:has(input:focus-visible), #choice label:has(input:focus-visible)
  {outline: 3px solid var(--color-accent); outline-offset: 2px}
#tabs [role=tab] {overflow: visible}
#tabs .tab-wrapper {height: auto; flex-wrap: wrap}
#tabs .overflow-menu:not(.hide) {flex: 0 0 100%; min-width: 0}
#tabs .overflow-menu > button {display: none}
#tabs .overflow-dropdown {display: flex !important; flex-wrap: wrap; position: static; margin: 0; padding: 0;
  border: none; box-shadow: none; background: none}
#tabs .overflow-dropdown button {width: auto; padding: .4rem .7rem}
#tabs [role=tab][aria-selected=true], #tabs label > span {color: #4338ca}
.dark #tabs [role=tab][aria-selected=true], .dark #tabs label > span {color: #a5b4fc}
#tabs :is(#choice, #kind, #what) label > span {color: var(--body-text-color)}
#tabs :is(#choice, #kind, #what) label.selected > span {color: white}
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
"""System fonts only: the page fetches nothing from other servers, and 0 and O differ."""

SET_PAGE_LANGUAGE = "language => {document.documentElement.lang = language}"
"""JavaScript that tells the browser and screen readers the language of the page."""


def build() -> gr.Blocks:
    """The page as Gradio Blocks; loads no networks and opens no port."""
    with gr.Blocks(
        title="LPGAN: read the plate nobody can read", analytics_enabled=False, delete_cache=(300, 300)
    ) as page:
        words = Words()
        words(gr.Markdown, "intro", elem_id="intro")
        with gr.Tabs(elem_id="tabs"):
            with words(gr.Tab, "tab_photo", id="photo"):
                panels = photo_tab(words)
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

        remembered = gr.BrowserState(storage_key="lpgan-language")

        def choose_language(language: str | None, request: gr.Request):
            if language not in WORDS:
                language = language_of(request.headers.get("accept-language"))
            return language, *(words.updates(language) if language != "en" else [gr.skip()] * len(words.components()))

        silent = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
        chosen = page.load(choose_language, remembered, [words.language, *words.components()], **silent)
        chosen.then(show_first, words.language, panels, **silent)
        words.language.change(None, words.language, None, js=SET_PAGE_LANGUAGE, **silent)
        words.language.input(words.updates, words.language, words.components(), **silent)
        words.language.input(lambda language: language, words.language, remembered, **silent)
    page.queue(max_size=32, default_concurrency_limit=1)
    return page


def health(request) -> PlainTextResponse:
    """Answer of /healthz: "ok" once the networks are loaded, "loading" before."""
    return PlainTextResponse("ok" if pipeline.cache_info().currsize else "loading", 200)


def serving(**options) -> dict:
    """Keyword arguments for `Blocks.launch`: appearance, limits and routes; options are added or override them."""
    notebooks = [Mount("/tutorials", StaticFiles(directory=TUTORIALS))] if TUTORIALS.is_dir() else []
    return {
        "css": PAGE_CSS,
        "theme": THEME,
        "run_history": False,
        "enable_monitoring": False,
        "max_file_size": "30mb",
        "state_session_capacity": 200,
        "allowed_paths": [str(examples_folder())],
        "show_error": True,
        "footer_links": ["api", "gradio"],
        "mcp_server": importlib.util.find_spec("mcp") is not None,
        "app_kwargs": {"routes": [Route("/healthz", health), *notebooks]},
    } | options


def warm_up() -> None:
    """Load the networks and run them once, so that the first visitor does not wait."""
    pipeline()(next(examples_folder().glob("*.png")))


SHUTDOWN_SECONDS = 2
"""How long a shutdown waits for open connections; every open browser tab holds one."""


class _DisconnectFilter(logging.Filter):
    """Drops log records of clients that disconnect during a request and of requests cut off by the shutdown."""

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        return "graceful shutdown" not in record.getMessage() and (
            kind is None or not issubclass(kind, (asyncio.CancelledError, ClientDisconnect))
        )


def launch(port: int | None = None, **options) -> None:
    """Serve the page until interrupted, then delete all uploads; opens it in the browser, except on a Space.

    Args:
        port: None for Gradio's choice.
        options: passed on to `gr.Blocks.launch`.
    """
    warm_up()
    logging.getLogger("uvicorn.error").addFilter(_DisconnectFilter())
    page = build()
    page.launch(
        inbrowser="SPACE_ID" not in os.environ, server_port=port, **serving(prevent_thread_lock=True, **options)
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` ends the page as Ctrl-C does
    page.server.config.timeout_graceful_shutdown = SHUTDOWN_SECONDS  # by default it waits for ever, and never cleans up
    page.block_thread()
