"""Pictures in zip files: names cut to their last part, size counted as it comes out, damage told."""

import zipfile

import pytest

from lpgan_demo.files.archives import ArchiveError, count_pictures, pictures_of


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "plates.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in ("a.png", "deep/b.JPG", "../../c.png", "note.txt", "__MACOSX/d.png", ".hidden.png"):
            zipped.writestr(name, name.encode() * 100)
    return path


def test_files_of_a_zip_come_in_order_with_their_folders_and_what_is_no_picture_unread(archive, tmp_path):
    single = tmp_path / "single.png"
    paths = [str(single), str(archive)]
    assert count_pictures(paths) == 4
    found = list(pictures_of(paths, 10_000))
    assert [name for name, _ in found] == [
        "single.png",
        "plates.zip/a.png",
        "plates.zip/deep/b.JPG",
        "plates.zip/c.png",
        "plates.zip/note.txt",
    ]
    assert found[0][1] == single and found[1][1] == b"a.png" * 100
    assert found[-1][1] is None
    assert not (tmp_path.parent.parent / "c.png").exists()


def test_a_zip_without_pictures_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "notes.zip", "w") as zipped:
        zipped.writestr("note.txt", b"nothing")
        zipped.writestr("folder/", b"")
    with pytest.raises(ArchiveError, match="empty"):
        count_pictures([str(tmp_path / "notes.zip")])


def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a.png", bytes(5_000_000))
    assert path.stat().st_size < 10_000
    with pytest.raises(ArchiveError, match="too large") as caught:
        list(pictures_of([str(path)], 100_000))
    assert caught.value.key == "zip_too_large" and caught.value.name == "bomb.zip"


@pytest.mark.parametrize("cut", [3, 200])
def test_a_damaged_zip_is_told(archive, cut):
    archive.write_bytes(archive.read_bytes()[:-cut])
    with pytest.raises(ArchiveError, match="damaged"):
        count_pictures([str(archive)])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_picture_that_is_damaged_inside_is_told(tmp_path, method):
    path = tmp_path / "plates.zip"
    with zipfile.ZipFile(path, "w", method) as zipped:
        zipped.writestr("a.png", bytes(range(256)) * 4)
    data = bytearray(path.read_bytes())
    data[60:120] = bytes(60)
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="damaged"):
        list(pictures_of([str(path)], 10_000))
