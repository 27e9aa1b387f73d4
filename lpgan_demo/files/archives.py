"""Pictures from uploaded files; zip files are read in memory, up to a limit, and never unpacked to disk."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .reading import PICTURES

DAMAGE = (zipfile.BadZipFile, OSError, EOFError, RuntimeError, zlib.error)  # raised for encrypted files, too


class ArchiveError(ValueError):
    """A zip file that cannot be read; key: "zip_damaged" or "zip_too_large"; name: the file's."""

    def __init__(self, key: str, name: str):
        super().__init__(f"{name}: {key.replace('_', ' ')}")
        self.key, self.name = key, name


def _is_picture(name: str) -> bool:
    """Whether a file in an archive is a picture, by its name; hidden files and macOS's copies are not."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.suffix.lower() in PICTURES and not path.name.startswith(".") and "__MACOSX" not in path.parts


def count_pictures(paths: list[str]) -> int:
    """Number of pictures in files and zip files, by the archives' directories. Raises ArchiveError."""
    total = 0
    for path in map(Path, paths):
        if path.suffix.lower() != ".zip":
            total += 1
            continue
        try:
            with zipfile.ZipFile(path) as archive:
                total += sum(_is_picture(info.filename) for info in archive.infolist())
        except DAMAGE as error:
            raise ArchiveError("zip_damaged", path.name) from error
    return total


def pictures_of(paths: list[str], max_bytes: int) -> Iterator[tuple[str, Path | bytes]]:
    """(name without folders, path or encoded bytes) of every picture in files and zip files, in order.

    Raises ArchiveError for a damaged zip file, or one whose pictures unpack to more than `max_bytes`; the unpacked
    bytes are counted, since the sizes that an archive states may be wrong.
    """
    for path in map(Path, paths):
        if path.suffix.lower() != ".zip":
            yield path.name, path
            continue
        left = max_bytes
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
        except DAMAGE as error:
            raise ArchiveError("zip_damaged", path.name) from error
