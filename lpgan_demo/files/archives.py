"""Pictures from uploaded files; zip files are read in memory, up to a limit, and never unpacked to disk."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .reading import PICTURES

DAMAGE = (zipfile.BadZipFile, OSError, EOFError, RuntimeError, zlib.error)  # raised for encrypted files, too


class ArchiveError(ValueError):
    """A zip file that cannot be read; key: "zip_damaged", "zip_empty" or "zip_too_large"; name: the file's."""

    def __init__(self, key: str, name: str):
        super().__init__(f"{name}: {key.replace('_', ' ')}")
        self.key, self.name = key, name


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files in an archive without hidden ones and macOS's copies."""
    found = []
    for info in archive.infolist():
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if not info.is_dir() and not path.name.startswith(".") and "__MACOSX" not in path.parts:
            found.append(info)
    return found


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in PICTURES


def count_pictures(paths: list[str]) -> int:
    """Number of pictures in files and zip files, by the archives' directories.

    Raises ArchiveError for a zip file that cannot be opened, or that holds no picture.
    """
    total = 0
    for path in map(Path, paths):
        if path.suffix.lower() != ".zip":
            total += 1
            continue
        try:
            with zipfile.ZipFile(path) as archive:
                pictures = sum(_is_picture(info.filename) for info in _members(archive))
        except DAMAGE as error:
            raise ArchiveError("zip_damaged", path.name) from error
        if not pictures:
            raise ArchiveError("zip_empty", path.name)
        total += pictures
    return total


def pictures_of(paths: list[str], max_bytes: int) -> Iterator[tuple[str, Path | bytes | None]]:
    """(name, path or encoded bytes) of every picture in files and zip files, in order; None of what is no picture.

    The name of a file in an archive is ARCHIVE/FOLDER/NAME. Raises ArchiveError for a damaged zip file, or one whose
    pictures unpack to more than `max_bytes`; the unpacked bytes are counted, since the sizes that an archive states
    may be wrong.
    """
    for path in map(Path, paths):
        if path.suffix.lower() != ".zip":
            yield path.name, path
            continue
        left = max_bytes
        try:
            with zipfile.ZipFile(path) as archive:
                for info in _members(archive):
                    parts = PurePosixPath(info.filename.replace("\\", "/")).parts
                    name = "/".join([path.name, *(part for part in parts if part not in ("..", "/"))])
                    if not _is_picture(info.filename):
                        yield name, None
                        continue
                    with archive.open(info) as stream:
                        data = stream.read(left + 1)
                    left -= len(data)
                    if left < 0:
                        raise ArchiveError("zip_too_large", path.name)
                    yield name, data
        except DAMAGE as error:
            raise ArchiveError("zip_damaged", path.name) from error
