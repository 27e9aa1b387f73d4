"""Pictures out of visitors' files: zip files are read in memory, never unpacked to disk, and never beyond a limit."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .reading import PICTURES


class ArchiveError(ValueError):
    """What is wrong with a zip file: key, one of zip_damaged, zip_too_large; name, the file's own."""

    def __init__(self, key: str, name: str):
        super().__init__(f"{name}: {key.replace('_', ' ')}")
        self.key, self.name = key, name


def _is_picture(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.suffix.lower() in PICTURES and not path.name.startswith(".") and "__MACOSX" not in path.parts


def count_pictures(paths: list[str]) -> int:
    """How many pictures the files hold, zip files by their list of contents. Raises ArchiveError."""
    total = 0
    for path in map(Path, paths):
        if path.suffix.lower() != ".zip":
            total += 1
            continue
        try:
            with zipfile.ZipFile(path) as archive:
                total += sum(_is_picture(info.filename) for info in archive.infolist())
        except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
            raise ArchiveError("zip_damaged", path.name) from error
    return total


def pictures_of(paths: list[str], most_bytes: int) -> Iterator[tuple[str, Path | bytes]]:
    """(name, path or encoded bytes) of every picture in files and zip files, in order.

    Names are the last part alone. Raises ArchiveError for a damaged zip file, or one that unpacks to more than
    `most_bytes`: what is counted is what comes out, not what the archive says of itself.
    """
    for path in map(Path, paths):
        if path.suffix.lower() != ".zip":
            yield path.name, path
            continue
        left = most_bytes
        try:
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    if not _is_picture(info.filename):
                        continue
                    with archive.open(info) as stream:
                        data = stream.read(left + 1)
                    left -= len(data)
                    if left < 0:
                        raise ArchiveError("zip_too_large", path.name)
                    yield PurePosixPath(info.filename.replace("\\", "/")).name, data
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, zlib.error) as error:
            raise ArchiveError("zip_damaged", path.name) from error
