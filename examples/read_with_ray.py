"""Reads crops on as many machines as a Ray cluster has: python examples/read_with_ray.py FOLDER OUT [READERS]

Needs `pip install "ray[data]"`. OUT gets JSON lines: path, text, confidence, legibility, and what is wrong with what is
no picture. READERS (1) take a core each; at least one core must be left for loading files.
"""

import sys

import numpy as np

from lpgan_demo import PlatePipeline
from lpgan_demo.images import load_image
from lpgan_demo.results import PlateImageError


class Reader:
    """One pipeline, loaded once, that reads batch after batch: an actor of Ray."""

    def __init__(self):
        self.pipeline = PlatePipeline.from_pretrained(detect=False, deblur=False)

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        crops, errors = {}, {}
        for place, data in enumerate(batch["bytes"]):
            try:
                crops[place] = load_image(data)
            except PlateImageError as error:
                errors[place] = str(error)
        plates = dict(zip(crops, self.pipeline.read_plates(crops.values())))
        empty = [None] * len(batch["path"])
        rows = {"path": list(batch["path"]), "text": empty[:], "confidence": empty[:], "legibility": empty[:]}
        rows["error"] = [errors.get(place) for place in range(len(empty))]
        for place, plate in plates.items():
            rows["text"][place], rows["legibility"][place] = plate.text, plate.legibility
            rows["confidence"][place] = round(plate.confidence, 4)
        return {name: np.array(values, dtype=object) for name, values in rows.items()}


if __name__ == "__main__":
    import ray

    folder, out, readers = (*sys.argv[1:3], int((*sys.argv, 1)[3]))
    crops = ray.data.read_binary_files(folder, include_paths=True)
    crops.map_batches(Reader, batch_size=32, concurrency=readers).write_json(out)
