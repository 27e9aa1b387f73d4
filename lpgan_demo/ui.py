"""The page: a bad plate in, the super-resolved plate beside it, and the text with an honest confidence."""

from __future__ import annotations

import functools
import os
from html import escape
from pathlib import Path

import gradio as gr
import numpy as np

from . import images
from .annotate import annotate
from .pipeline import PlatePipeline
from .plates import get_layout
from .results import PlateImageError, PlateResult

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SHOWN = (128, 384)
"""Height and width of the pictures that are shown side by side."""

INTRO = """# Read the plate nobody can read
Drop in a **photo with number plates**, or a crop of one, however small, blurred or dark. Plates are found, straightened
and drawn as the clean standard plate the network believes in, and read, character by character."""

WARNING = (
    "The drawing is what a generator **believes**, not what the camera saw: no evidence, only a reading with a "
    "probability. An unsure character is drawn as a blend of its candidates; the Chinese ones may be smudged even "
    "when they are read with confidence. A small picture without a plate gets a drawing too, with a confidence near 0."
)

NOTHING_FOUND = (
    "No number plate was found in this picture. If there is one, cut the picture to the plate and try again: a small "
    "picture is taken for a crop."
)

ABOUT = """**What runs here:** a Faster R-CNN finds plates and their corners; then MTGAN, two neural networks trained
against each other (a GAN): one draws the standard plate, the other judges and reads the drawing. They learnt from
rendered plates and a few hundred real ones.
**Plates:** Chinese: blue, yellow with one or two rows, white, black and green; Vietnamese: cars and motorcycles, learnt
from rendered plates alone. **Privacy:** pictures are processed in
memory for your request; temporary upload files and readings are forgotten within minutes, and nothing is logged.
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
    return PlatePipeline.from_pretrained()


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


def _loaded(image: str | None) -> np.ndarray:
    if image is None:
        raise gr.Error("Choose a picture first.", print_exception=False)
    try:
        return images.load_image(image)
    except PlateImageError as error:
        raise gr.Error(str(error)[:1].upper() + str(error)[1:] + ".", print_exception=False) from None


NO_PANELS = (None, None, gr.update(value=None, visible=False), gr.update(value=None, visible=False), "", None)


def panels(plate: PlateResult) -> tuple:
    """What the page shows of one plate: crop enlarged, drawn plate, deblurred, binary, reading, data."""
    before, after = (images.resize(picture, SHOWN) for picture in (plate.crop, plate.super_resolved))
    inks = [gr.update(value=p, visible=p is not None) for p in (plate.deblurred, plate.binary)]
    return before, after, *inks, reading_html(plate), plate.to_dict()


def read_plate(image: str | None) -> tuple:
    """Restore and read one cropped plate.

    Args:
        image: path of a picture that shows one number plate.
    """
    return panels(pipeline().read_plate(_loaded(image)))


def read_photo(image: str | None) -> list[dict]:
    """Find, restore and read every number plate in a photo.

    Args:
        image: path of a photo, or of a crop of one plate.
    """
    return [plate.to_dict() for plate in pipeline()(_loaded(image))]


def show(image: str | None) -> tuple:
    """Everything on the page for one picture: marked photo, choice of plates, panels of the first, all plates.

    Nothing, or the sentence on what is wrong, never stands beside an older result.
    """
    no_photo = (gr.update(value=None, visible=False), gr.update(choices=[], value=None, visible=False))
    if image is None:
        return *no_photo, *NO_PANELS, []
    try:
        photo = _loaded(image)
    except gr.Error as error:
        return *no_photo, *NO_PANELS[:4], f'<p class="plate-error" role="alert">{escape(error.message)}</p>', None, []
    plates = pipeline()(photo)
    if not plates:
        return *no_photo, *NO_PANELS[:4], f'<p class="plate-error" role="status">{escape(NOTHING_FOUND)}</p>', None, []
    if plates[0].box is None:
        return *no_photo, *panels(plates[0]), plates
    surest = max(range(len(plates)), key=lambda k: plates[k].confidence)
    marked = annotate(photo, [plate.corners for plate in plates], [plate.text for plate in plates])
    names = [(f"{plate.text} ({100 * plate.confidence:.0f}%)", k) for k, plate in enumerate(plates)]
    choice = gr.update(choices=names, value=surest, visible=len(plates) > 1)
    return gr.update(value=marked, visible=True), choice, *panels(plates[surest]), plates


def show_example(sample: list) -> tuple:
    """The picture of a clicked example, and what is read off it."""
    return sample[0], *show(sample[0])


def show_chosen(chosen: int | None, plates: list[PlateResult]) -> tuple:
    """The panels of the plate that was chosen by name."""
    if chosen is None or not plates:
        return NO_PANELS
    return panels(plates[chosen])


def show_clicked(plates: list[PlateResult], event: gr.SelectData) -> tuple:
    """Which plate is nearest to a click in the photo, and its panels."""
    if not plates:
        return None, *NO_PANELS
    distances = [np.linalg.norm(plate.corners.mean(0) - event.index) for plate in plates]
    nearest = int(np.argmin(distances))
    return nearest, *panels(plates[nearest])


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
            gr.Image(
                label="Deblurred", interactive=False, visible=False, elem_id="deblurred", buttons=[], render=False
            ),
            gr.Image(
                label="Ink and paper", interactive=False, visible=False, elem_id="binary", buttons=[], render=False
            ),
            gr.HTML(elem_id="reading", render=False),
            gr.JSON(elem_id="data", show_label=False, render=False),
        ]
        before, after, deblurred, binary, reading, data = outputs
        plates = gr.State([], time_to_live=300)  # of this visitor alone, forgotten after five minutes
        with gr.Row():
            with gr.Column(scale=1, min_width=300):
                source = gr.Image(
                    type="filepath",
                    label="Photo, or crop of one plate",
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
                marked = gr.Image(
                    interactive=False,
                    visible=False,
                    label="Plates found: click one to see it",
                    format="jpeg",
                    elem_id="marked",
                    buttons=["download", "fullscreen"],
                )
                choice = gr.Radio([], visible=False, label="Plate", elem_id="choice")
                with gr.Row():
                    with gr.Column(min_width=240):
                        gr.Markdown("**Your picture**, enlarged (bicubic)")
                        before.render()
                    with gr.Column(min_width=240):
                        gr.Markdown("**Super-resolved** standard plate, drawn by the network")
                        after.render()
                with gr.Row():
                    deblurred.render()
                    binary.render()
                reading.render()
                gr.Markdown(WARNING)
                with gr.Accordion("The result as data", open=False):
                    data.render()
        gr.Markdown(ABOUT)
        quiet = {"api_visibility": "private", "show_progress_on": [after]}
        everything = [marked, choice, *outputs, plates]
        source.input(show, source, everything, **quiet)
        button.click(show, source, everything, **quiet)
        source.clear(functools.partial(show, None), None, everything, api_visibility="private")
        examples.click(show_example, examples, [source, *everything], **quiet)
        choice.input(show_chosen, [choice, plates], outputs, api_visibility="private")
        marked.select(show_clicked, plates, [choice, *outputs], api_visibility="private")
        gr.Button(visible=False).click(read_plate, source, outputs, api_name="read_plate")
        gr.Button(visible=False).click(read_photo, source, data, api_name="read_photo")
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
