"""Who may import whom, read off the syntax trees: data below networks, serving apart from training, the page on top."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "lpgan_demo"

ALLOWED = {
    name: set(above.split())
    for name, above in {
        "__init__": "",
        "results": "",
        "plates": "",
        "pretrained": "hub results",
        "registry": "pretrained",
        "golden": "",
        "images": "results",
        "trust": "images",
        "regions": "plates",
        "mtgan": "plates pretrained regions",
        "baselines": "mtgan pretrained",
        "classical": "images plates pretrained",
        "deblur_gan": "pretrained",
        "guided_deblur": "deblur_gan mtgan",
        "perceptual": "",
        "lite_backbone": "",
        "detector": "lite_backbone pretrained",
        "hub": "__version__ golden results",
        "glyphs": "plates",
        "degrade": "",
        "general_ocr": "images plates",
        "losses": "regions",
        "metrics": "",
        "synth": "glyphs plates",
        "labels": "images plates results",
        "datasets": "degrade glyphs images labels plates synth",
        "prepare": "",
        "torch_backend": "mtgan prepare results",
        "onnx_backend": "results",
        "detection": "detector images prepare",
        "deblurring": "deblur_gan images prepare",
        "annotate": "glyphs",
        "loading": "deblurring detection hub onnx_backend registry results torch_backend",
        "restoration": "images plates",
        "pipeline": "images loading plates restoration results trust",
        "video": "detection images pipeline results",
        "reading": "annotate images pipeline results video",
        "trainer": "",
        "training": "images losses trainer",
        "fit": "images",
        "runs": "datasets fit labels plates trainer",
        "recipes": "baselines datasets degrade hub images labels metrics mtgan plates runs synth trainer "
        "training registry",
        "export": "deblur_training detector_training pretrained recipes",
        "network_cards": "hub",
        "rival_cards": "hub network_cards",
        "cards": "hub network_cards rival_cards",
        "ink_data": "datasets deblur_gan degrade images labels plates synth",
        "deblur_training": "deblur_gan degrade fit guided_deblur hub images ink_data losses metrics perceptual runs "
        "registry trainer",
        "deblur_evaluation": "classical datasets deblur_gan deblurring degrade general_ocr hub images ink_data labels "
        "loading metrics pipeline plates registry synth",
        "detector_data": "datasets degrade glyphs images plates synth",
        "photo_evaluation": "degrade detection images labels",
        "detector_training": "annotate detection detector detector_data images labels lite_backbone photo_evaluation "
        "runs trainer",
        "judge": "images mtgan plates",
        "judge_training": "datasets images judge losses mtgan plates pretrained synth trainer training",
        "classical_training": "classical datasets degrade glyphs plates pretrained synth trainer",
        "examples": "degrade glyphs images plates synth",
        "figures": "glyphs images",
        "verify": "examples golden hub pipeline registry",
        "testing": "",
        "publish": "hub results verify",
        "evaluation": "images judge labels metrics pipeline",
        "evidence": "degrade hub images labels metrics pipeline plates restoration trust",
        "comparison": "classical hub images judge labels metrics plates registry synth",
        "onnx_int8": "datasets images onnx_backend",
        "onnx_export": "deblur_gan hub onnx_backend registry results",
        "visitors": "images plates synth",
        "bench_timer": "",
        "bench": "bench_timer evaluation examples general_ocr images other_readers pipeline plates reading "
        "restoration synth trust",
        "bench_report": "",
        "stability": "labels pipeline results",
        "other_readers": "plates",
        "speed_steps": "bench bench_timer hub images loading onnx_export onnx_int8 prepare registry",
        "words": "",
        "reading_panel": "plates results words",
        "archives": "reading",
        "ui_parts": "images pipeline reading_panel results words",
        "ui_photo": "annotate reading_panel results ui_parts words",
        "ui_make": "degrade glyphs plates reading_panel synth ui_parts words",
        "ui_many": "annotate archives images reading results ui_parts video words",
        "ui_compare": "comparison hub images judge ui_parts registry ui_photo words",
        "ui": "reading_panel ui_compare ui_make ui_many ui_parts ui_photo words",
        "commands": "bench bench_report cards classical_training comparison deblur_evaluation deblur_training "
        "detector_training evaluation evidence examples export hub images judge_training "
        "onnx_export onnx_int8 other_readers photo_evaluation pipeline plates publish reading recipes "
        "registry speed_steps stability synth ui verify visitors golden",
        "__main__": "commands results",
    }.items()
}
LIBRARIES = {"results": {"numpy"}, "plates": {"numpy"}}


def imports(path):
    inside, outside = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                inside |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
            else:
                outside.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            outside |= {alias.name.split(".")[0] for alias in node.names}
    return inside, outside - set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_modules_import_only_what_their_level_allows(path):
    inside, outside = imports(path)
    assert inside <= ALLOWED[path.stem], inside - ALLOWED[path.stem]
    assert "lpgan_demo" not in outside
    if path.stem in LIBRARIES:
        assert outside <= LIBRARIES[path.stem]
    assert "gradio" not in outside or path.stem == "ui" or path.stem.startswith("ui_")
    assert "huggingface_hub" not in outside or path.stem in ("hub", "publish")
    assert "accelerate" not in outside or path.stem == "trainer"


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, lpgan_demo; heavy = {'gradio', 'matplotlib', 'torch', 'lpgan_demo.synth'} & set(sys.modules); "
        "assert not heavy, heavy; from lpgan_demo import PlatePipeline; "
        "assert not {'gradio', 'matplotlib', 'lpgan_demo.synth', 'accelerate'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE.parent)


def test_reading_crops_does_not_wait_for_torchvision():
    code = (
        "import sys; from lpgan_demo import PlatePipeline; pipeline = PlatePipeline.from_pretrained(detect=False); "
        "pipeline.read_plate('examples/tiny.png'); assert pipeline.deblurrer and 'torchvision' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE.parent)
