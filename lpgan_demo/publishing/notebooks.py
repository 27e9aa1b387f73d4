"""Tell the notebooks where the project's repository is, so that they open on Colab and Kaggle."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ..weights import BUNDLED

TUTORIALS = BUNDLED.parent / "tutorials"

BADGES = (
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    "(https://colab.research.google.com/github/{owner}/{name}/blob/main/tutorials/{file}) "
    "[![Open in Kaggle](https://kaggle.com/static/images/open-in-kaggle.svg)]"
    "(https://kaggle.com/kernels/welcome?src=https://github.com/{owner}/{name}/blob/main/tutorials/{file})"
)
"""A line below the title of each notebook."""

_GITHUB = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")


def set_repository(address: str, folder: str | Path = TUTORIALS) -> list[Path]:
    """Write the repository's address into every notebook, as its constant REPOSITORY and as badges below its title.

    Args:
        address: https://github.com/OWNER/NAME, where Colab and Kaggle open notebooks from; "" takes both out.
        folder: of the notebooks.

    Returns:
        The notebooks.

    Raises:
        ValueError: the address is neither.
        FileNotFoundError: there are no notebooks.
    """
    found = _GITHUB.fullmatch(address)
    if address and not found:
        raise ValueError(f"{address!r} is not https://github.com/OWNER/NAME")
    paths = sorted(Path(folder).glob("*.ipynb"))
    if not paths:
        raise FileNotFoundError(f"there are no notebooks in {folder}")
    for path in paths:
        book = json.loads(path.read_text(encoding="utf-8"))
        title, setup = book["cells"][:2]
        lines = [line for line in "".join(title["source"]).split("\n") if not line.startswith("[![Open in")]
        while len(lines) > 2 and not lines[1] and not lines[2]:
            del lines[1]
        if found:
            owner, name = found.groups()
            lines[1:1] = ["", BADGES.format(owner=owner, name=name, file=path.name)]
        title["source"] = "\n".join(lines).splitlines(keepends=True)
        code = re.sub(r'^REPOSITORY = ".*?"', f'REPOSITORY = "{address}"', "".join(setup["source"]), flags=re.MULTILINE)
        setup["source"] = code.splitlines(keepends=True)
        path.write_text(json.dumps(book, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return paths
