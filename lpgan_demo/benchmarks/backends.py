"""`bench --backends`: PyTorch and ONNX Runtime side by side, from the start of the process to photos.

Each is timed in a process of its own (`python -m lpgan_demo.benchmarks.backends SOURCE BACKEND PRECISION`): in one
process PyTorch's threads would keep a core busy while ONNX Runtime works.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from .timing import run_in_new_process

BATCH = 32


def time_backend(source: str, backend: str, precision: str) -> dict[str, float]:
    """Time a pipeline in this process -> {what: seconds to start, plates a second, or milliseconds}.

    source: weights, or a folder of graphs; "": the bundled ones.
    """
    start = time.perf_counter()
    from ..inference import PlatePipeline  # here, so that it is timed
    from .timing import degraded_crops, milliseconds, street_photo

    pipeline = PlatePipeline.from_pretrained(source or None, backend=backend, precision=precision)
    (crop,), photo, crops = degraded_crops(1), street_photo(1), degraded_crops(BATCH)
    pipeline.read_plate(crop)
    figures = {"seconds from import to the first reading": time.perf_counter() - start}
    once = PlatePipeline.from_pretrained(
        source or None, backend=backend, precision=precision, views=1, detect=False, deblur=False
    )
    (plate,) = once.read_plates([crop])
    figures["a plate read once, with evidence"] = milliseconds(lambda: once.read_plates([crop]))
    figures["its ink"] = milliseconds(lambda: pipeline.deblurrer([plate])) if pipeline.deblurrer else float("nan")
    figures["plates a second, batches of 32"] = 1000 * BATCH / milliseconds(lambda: once.read_plates(crops, BATCH))
    if pipeline.detector:
        figures["finding in a photo of 1280 x 960"] = milliseconds(lambda: pipeline.detector(photo))
        figures["that photo with one plate, all in all"] = milliseconds(lambda: pipeline(photo))
    return figures


def compare_backends(source: str | Path | None = None) -> dict[str, dict[str, float]]:
    """{backend: figures of `time_backend`}, and the ratio of ONNX Runtime's to PyTorch's in the same precision.

    Of PyTorch only where it is installed, of 8-bit integers only where the exporter is, too; `source` may be a folder
    of graphs where PyTorch is not.
    """
    report = {}
    with tempfile.TemporaryDirectory() as folder:
        runs = [("ONNX Runtime, fp32", source or "", "onnx", "auto")]
        if find_spec("torch"):
            runs = [(f"PyTorch, {kind}", source or "", "torch", kind) for kind in ("fp32", "auto")] + runs
        if all(map(find_spec, ("torch", "onnx", "onnxscript"))):
            from ..publishing.onnx_compact import to_int8
            from ..publishing.onnx_export import export_onnx

            export_onnx(folder, source)
            to_int8(folder)
            runs.append(("ONNX Runtime, 8-bit integers", folder, "onnx", "auto"))
        for name, *arguments in runs:
            figures = run_in_new_process("backends", *arguments)
            report[name] = {what: round(value, 2) for what, value in figures.items()}
    if "PyTorch, fp32" not in report:
        return report
    exact, graphs = report["PyTorch, fp32"], report["ONNX Runtime, fp32"]
    return report | {"ONNX Runtime / PyTorch, fp32": {what: round(graphs[what] / exact[what], 2) for what in exact}}


if __name__ == "__main__":
    print(json.dumps(time_backend(*sys.argv[1:])))
