"""The page with its tabs, and how it is served."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib.util
import logging
import os
import signal

import gradio as gr
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ..inference.loading import has_torch
from .api import add_endpoints
from .comparison_panel import CSS as COMPARISON_CSS
from .components import MAX_UPLOAD, Words, examples_folder, pipeline
from .confidence_curve import CSS as CURVE_CSS
from .reading_panel import CSS
from .tabs.about import TUTORIALS, about_tab
from .tabs.make import make_tab
from .tabs.many import many_tab
from .tabs.photo import photo_tab, show_first
from .tabs.video import video_tab
from .words import WORDS, language_of

PAGE_CSS = (
    CSS
    + COMPARISON_CSS
    + CURVE_CSS
    + """
.example-cards {display: grid; grid-template-columns: repeat(auto-fill, minmax(5.4rem, 1fr)); gap: .5rem}
.example-cards button {max-width: 9rem; border: 1px solid var(--border-color-primary); border-radius: 8px;
  padding: .3rem; background: var(--background-fill-primary); color: var(--body-text-color); font-size: .85rem;
  cursor: pointer}
.example-cards button:is(:hover, :focus-visible) {outline: 3px solid var(--color-accent)}
.example-cards img {width: 100%; height: 2.4rem; object-fit: contain}
#video-frames .thumbnail-item {aspect-ratio: 3 / 1.5}
#video-frames .thumbnail-item img {object-position: top}
#video-frames .grid-container {grid-template-columns: repeat(4, minmax(0, 1fr)) !important}
#video-progress:has(.progress-text), #many-progress:has(.progress-text) {min-height: 5rem}
#many-table img {height: 32px; min-width: 96px}
#many-table td:has(img) {padding: 2px}
#many-table th span {font-family: system-ui, sans-serif; font-size: .8rem; white-space: nowrap}
#many-table th, #many-table td, #video-table th, #video-table td {word-break: normal; overflow-wrap: normal}
#intro {min-height: 6rem}
#language {min-height: 2.6rem}
#photo-in, #photo-out {min-width: 0 !important}
#reading {min-height: 22rem}
#source {min-height: 220px}
#photo-out:not(:has(.plate-text)) :is(.gr-accordion, #photo-send) {display: none}
#examples {min-height: 8rem}
@media (max-width: 700px) {
  #video-frames .grid-container {grid-template-columns: repeat(2, minmax(0, 1fr)) !important}
  #measured :is(th, td) {padding: .3rem .4rem}
  :is(#many-table, #video-table) th .cell-wrap {padding: .5rem .1rem}
  :is(#many-table, #video-table) th span {font-family: system-ui, sans-serif; font-size: .65rem; white-space: nowrap}
  #intro {min-height: 12rem}
  #photo-in {display: contents}
  #photo-row > *, #photo-in > * {order: 1; width: 100%}
  #photo-out {order: 2}
  #photo-in > .form {order: 3}
  #examples {order: 4 !important}
  #reading:not(:has(.plate-error)) {min-height: 38rem}
  #photo-out:not(:has(.plate-error)) {min-height: 44rem}
}
#language label:has(input:focus-visible), #tabs fieldset label:has(input:focus-visible)
  {outline: 3px solid var(--color-accent); outline-offset: 2px}
#tabs [role=tab] {overflow: visible}
#tabs .tab-wrapper {height: auto; flex-wrap: wrap}
#tabs .overflow-menu:not(.hide) {flex: 0 0 100%; min-width: 0}
#tabs .overflow-menu > button {display: none}
#tabs .overflow-dropdown {display: flex !important; flex-wrap: wrap; max-width: 100%; position: static; margin: 0;
  padding: 0; border: none; box-shadow: none; background: none}
#tabs .overflow-dropdown button {width: auto; padding: .4rem .7rem}
#tabs [role=tab][aria-selected=true], #tabs label > span {color: #4338ca}
.dark #tabs [role=tab][aria-selected=true], .dark #tabs label > span {color: #a5b4fc}
#tabs fieldset label > span {color: var(--body-text-color)}
#tabs fieldset label.selected > span {color: white}
#tabs [data-testid=block-label], #tabs [data-testid=block-info]
  {color: var(--body-text-color)}
:is([data-testid=upload-text], #many-table p, #video-table p, #tabs .prose a, .plate-pictures a)
  {color: #4338ca !important}
.dark :is([data-testid=upload-text], #many-table p, #video-table p, #tabs .prose a, .plate-pictures a)
  {color: #a5b4fc !important}
#video-frames:has(.empty) {display: none}
#measured table {display: block; overflow-x: auto}
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


SCROLL_TO_TABS = "() => {document.querySelector('#tabs').scrollIntoView()}"
"""JavaScript that brings the top of the tabs into view."""


FOR_KEYS_AND_READERS = """() => {
  const mend = () => {
    document.querySelectorAll('button:has(> .image-frame)').forEach(button => {
      const words = button.closest('.block')?.previousElementSibling?.innerText;
      if (words && button.ariaLabel !== words) button.ariaLabel = words;
    });
    document.querySelectorAll('#measured table').forEach(table => table.tabIndex = 0);
  };
  new MutationObserver(mend).observe(document.body, {childList: true, subtree: true});
}"""
"""JavaScript: pictures that are buttons get the words above them as names, and keys can scroll wide tables."""


def build() -> gr.Blocks:
    """The page as Gradio Blocks; loads no networks and opens no port."""
    with gr.Blocks(
        title="LPGAN: read the plate nobody can read", analytics_enabled=False, delete_cache=(300, 300)
    ) as page:
        words = Words()
        words(gr.Markdown, "intro", elem_id="intro")
        with gr.Tabs(elem_id="tabs") as tabs:
            with words(gr.Tab, "tab_photo", id="photo"):
                photo, panels, photo_sends = photo_tab(words)
            with words(gr.Tab, "tab_make", id="make") as make:
                make_sends = make_tab(words, make)
            with words(gr.Tab, "tab_many", id="many"):
                many_tab(words, tabs, photo)
            with words(gr.Tab, "tab_video", id="video"):
                video_tab(words)
            if has_torch():  # the networks to compare with run in nothing else
                from .tabs.compare import compare_tab

                with words(gr.Tab, "tab_compare", id="compare"):
                    compared = compare_tab(words)
            with words(gr.Tab, "tab_about", id="about"):
                about_tab(words)

        for button, plate_to_send, inputs in (photo_sends, make_sends):
            if not has_torch():
                button.visible = False
                continue
            sent = button.click(plate_to_send, inputs, compared, api_visibility="private")
            options = {"js": SCROLL_TO_TABS, "queue": False, "api_visibility": "private"}
            sent.success(lambda: gr.Tabs(selected="compare"), None, tabs, **options)

        add_endpoints(photo)
        remembered = gr.BrowserState(storage_key="lpgan-language")

        def choose_language(language: str | None, request: gr.Request):
            if language not in WORDS:
                language = language_of(request.headers.get("accept-language"))
            return language, *(words.updates(language) if language != "en" else [gr.skip()] * len(words.components()))

        silent = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
        chosen = page.load(choose_language, remembered, [words.language, *words.components()], **silent)
        chosen.then(show_first, words.language, panels, **silent)
        page.load(None, js=FOR_KEYS_AND_READERS, **silent)
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
        "max_file_size": f"{MAX_UPLOAD}mb",
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


M_ARENA_MAX = -8
"""A parameter of glibc's mallopt."""


def share_heaps() -> None:
    """Let glibc keep two heaps; it makes up to eight for each core, and none uses what another freed."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def launch(port: int | None = None, **options) -> None:
    """Serve the page until interrupted, then delete all uploads; opens it in the browser, except on a Space.

    Args:
        port: None for Gradio's choice.
        options: passed on to `gr.Blocks.launch`.
    """
    share_heaps()
    warm_up()
    logging.getLogger("uvicorn.error").addFilter(_DisconnectFilter())
    page = build()
    page.launch(
        inbrowser="SPACE_ID" not in os.environ, server_port=port, **serving(prevent_thread_lock=True, **options)
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` ends the page as Ctrl-C does
    page.server.config.timeout_graceful_shutdown = SHUTDOWN_SECONDS  # by default it waits for ever, and never cleans up
    page.block_thread()
