"""The page: a bad plate in, the super-resolved plate beside it, and the text with an honest confidence."""

from __future__ import annotations

import functools
import os
from html import escape
from pathlib import Path

import gradio as gr
import numpy as np

from . import images
from .pipeline import PlatePipeline
from .plates import get_layout
from .results import PlateImageError, PlateResult

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SHOWN = (128, 384)
"""Height and width of the pictures that are shown side by side."""

INTRO = """# Read the plate nobody can read
Drop in a photo cut to **one number plate**, however small, blurred or dark. The network draws the clean standard
plate it believes in and reads it, character by character."""

WARNING = (
    "The drawing is what a generator **believes**, not what the camera saw: no evidence, only a reading with a "
    "probability. An unsure character is drawn as a blend of its candidates; the Chinese ones may be smudged even "
    "when they are read with confidence. A picture without a plate gets a drawing too, with a confidence near 0."
)

ABOUT = """**What runs here:** MTGAN, two neural networks trained against each other (a GAN): one draws the standard
plate, the other judges and reads the drawing. They learnt from rendered plates and a few hundred real ones.
**Plates:** Chinese: blue, yellow with one or two rows, white, black and green; Vietnamese: cars and motorcycles, learnt
from rendered plates alone. **Privacy:** pictures are processed in
memory for your request; temporary upload files are deleted within minutes; readings are not logged.
Reading plates to follow people is not what this is for."""

CSS = """
.plate-text {font-size: clamp(2rem, 9vw, 3.4rem); font-weight: 700; letter-spacing: .06em; line-height: 1.2}
.plate-row {display: flex; flex-wrap: wrap; gap: .4rem}
.plate-cell {border: 1px solid var(--border-color-primary); border-radius: .5rem; padding: .35rem .5rem;
  min-width: 4.2rem; text-align: center}
.plate-cell b {font-size: 1.7rem; display: block; line-height: 1.25}
.plate-cell small {color: var(--body-text-color-subdued); display: block}
.plate-cell.unsure {border: 2px dashed #d97706}
.plate-bar {height: .3rem; border-radius: .2rem; background: var(--border-color-primary); margin: .2rem 0}
.plate-bar i {display: block; height: 100%; border-radius: .2rem; background: #16a34a}
.unsure .plate-bar i {background: #d97706}
.plate-error {border-left: .3rem solid #dc2626; padding: .4rem .8rem}
#examples img {object-fit: contain !important}
"""

UNSURE = 0.9

THEME = gr.themes.Soft(font=["system-ui", "Noto Sans", "sans-serif"], font_mono=["ui-monospace", "monospace"])
"""System fonts: nothing is fetched from elsewhere, and 0, O, W, Z look as they should."""


@functools.cache
def pipeline() -> PlatePipeline:
    """The bundled networks, loaded on first use and shared: they hold no state of any visitor."""
    return PlatePipeline.from_pretrained(views=3, precision="auto")


def sentence(plate: PlateResult) -> str:
    """One plain sentence on how far the reading may be trusted."""
    doubtful = [i + 1 for i, c in enumerate(plate.characters) if c.probability < UNSURE]
    if plate.legibility == "good" and not doubtful:
        return "Every character could be told apart."
    if plate.legibility == "illegible" and len(doubtful) > len(plate.characters) // 2:
        return "This plate cannot be read at this size and blur; the text is little more than a guess."
    if not doubtful:
        return "No single character is in great doubt, but together they may well hold a mistake."
    places = ", ".join(map(str, doubtful))
    one = len(doubtful) == 1
    return f"Character{'' if one else 's'} {places} {'is' if one else 'are'} in doubt; the next best guesses are below."


def reading_html(plate: PlateResult) -> str:
    """The text, large, and a cell per character in reading order: symbol, probability, runners-up."""
    cells = []
    for c in plate.characters:
        share = round(100 * c.probability)
        others = " ".join(f"{escape(s)} {100 * p:.0f}%" for s, p in c.runners_up[:2] if p >= 0.01) or "&nbsp;"
        cells.append(
            f'<div class="plate-cell{" unsure" if c.probability < UNSURE else ""}"><b>{escape(c.symbol)}</b>'
            f'{share}%<div class="plate-bar"><i style="width:{share}%"></i></div><small>{others}</small></div>'
        )
    return (
        f'<div class="plate-text" data-text="{escape(plate.text)}">{escape(plate.text)}</div>'
        f"<p>Confidence in the whole text: <b>{100 * plate.confidence:.0f}%</b> "
        f"&middot; legibility: {escape(plate.legibility)} &middot; taken for: {escape(get_layout(plate.layout).title)}"
        f"<br>{escape(sentence(plate))}</p>"
        f'<div class="plate-row">{"".join(cells)}</div>'
    )


def read_plate(image: str | None) -> tuple[np.ndarray, np.ndarray, str, dict]:
    """Restore and read one cropped plate.

    Args:
        image: path of a picture that shows one number plate.
    """
    if image is None:
        raise gr.Error("Choose a picture of a plate first.", print_exception=False)
    try:
        crop = images.load_image(image)
    except PlateImageError as error:
        raise gr.Error(str(error)[:1].upper() + str(error)[1:] + ".", print_exception=False) from None
    plate = pipeline().read_plate(crop)
    return (
        images.resize(crop, SHOWN),
        images.resize(plate.super_resolved, SHOWN),
        reading_html(plate),
        plate.to_dict(),
    )


def show_plate(image: str | None) -> tuple:
    """`read_plate` for the page: nothing, or the sentence on what is wrong, never stands beside an older result."""
    if image is None:
        return None, None, "", None
    try:
        return read_plate(image)
    except gr.Error as error:
        return None, None, f'<p class="plate-error" role="alert">{escape(error.message)}</p>', None


def show_example(sample: list) -> tuple:
    """The picture of a clicked example, and what is read off it."""
    return sample[0], *show_plate(sample[0])


def _path_of(upload) -> str | None:
    """The uploaded file, untouched: `images.load_image` decodes it, and says what is wrong with it."""
    return None if upload is None else upload.path


def build() -> gr.Blocks:
    """The page as Gradio Blocks; nothing is loaded and no port is opened."""
    with gr.Blocks(
        title="LPGAN: read the plate nobody can read", analytics_enabled=False, delete_cache=(300, 300)
    ) as page:
        gr.Markdown(INTRO)
        outputs = [
            gr.Image(interactive=False, elem_id="before", show_label=False, buttons=["fullscreen"], render=False),
            gr.Image(
                interactive=False,
                elem_id="after",
                show_label=False,
                format="png",
                buttons=["download", "fullscreen"],
                render=False,
            ),
            gr.HTML(elem_id="reading", render=False),
            gr.JSON(elem_id="data", show_label=False, render=False),
        ]
        before, after, reading, data = outputs
        with gr.Row():
            with gr.Column(scale=1, min_width=300):
                source = gr.Image(
                    type="filepath",
                    label="Picture of one plate",
                    sources=["upload", "clipboard", "webcam"],
                    elem_id="source",
                    height=220,
                    buttons=[],
                    webcam_options=gr.WebcamOptions(mirror=False),
                )
                source.preprocess = _path_of  # gradio would decode it first, and fail in its own words
                button = gr.Button("Restore and read", variant="primary", elem_id="read")
                examples = gr.Dataset(
                    components=[source],
                    samples=[[str(path)] for path in sorted(EXAMPLES.glob("*.png"))],
                    label="Or try one of these, rendered by this project",
                    elem_id="examples",
                )
            with gr.Column(scale=2, min_width=300):
                with gr.Row():
                    with gr.Column(min_width=240):
                        gr.Markdown("**Your picture**, enlarged (bicubic)")
                        before.render()
                    with gr.Column(min_width=240):
                        gr.Markdown("**Super-resolved** standard plate, drawn by the network")
                        after.render()
                reading.render()
                gr.Markdown(WARNING)
                with gr.Accordion("The result as data", open=False):
                    data.render()
        gr.Markdown(ABOUT)
        quiet = {"api_visibility": "private", "show_progress_on": [after]}
        source.input(show_plate, source, outputs, **quiet)
        button.click(show_plate, source, outputs, **quiet)
        source.clear(lambda: (None, None, "", None), None, outputs, api_visibility="private")
        examples.click(show_example, examples, [source, *outputs], **quiet)
        gr.Button(visible=False).click(read_plate, source, outputs, api_name="read_plate")
    page.queue(max_size=32, default_concurrency_limit=1)
    return page


def launch(port: int | None = None, **options) -> None:
    """Serve the page and, except on a Space, open it in the browser; options go to gradio's launch()."""
    build().launch(
        inbrowser="SPACE_ID" not in os.environ,
        server_port=port,
        css=CSS,
        theme=THEME,
        run_history=False,
        enable_monitoring=False,
        max_file_size="30mb",
        show_error=True,
        footer_links=["api", "gradio"],
        **options,
    )
