import os
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from camber.whole_files import write_whole

NOBODY = 65534
"""Number of the user who owns nothing, on Linux and most other systems."""


def test_content_arrives_byte_for_byte(tmp_path):
    path = tmp_path / "new" / "folder" / "a.csv"
    assert write_whole(path, "a\r\nä\n") == path
    assert path.read_bytes() == "a\r\nä\n".encode()
    write_whole(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"


def test_nothing_is_left_behind_when_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_whole(path, "old")

    def no_sync(_handle):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", no_sync)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_sees_the_old_or_the_new_and_nothing_between(tmp_path):
    path = tmp_path / "a.txt"
    old, new = "o" * 200_000, "n" * 200_000
    write_whole(path, old)
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for content in (new, old) * 20:
        write_whole(path, content)
    done.set()
    reader.join()
    assert seen <= {old, new}


def test_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_new_file_has_the_usual_permissions(tmp_path):
    usual, ours = tmp_path / "usual", tmp_path / "ours"
    usual.touch()
    write_whole(ours, "x")
    assert stat.S_IMODE(ours.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_a_folder_is_refused_and_stays(tmp_path):
    with pytest.raises(OSError, match=str(tmp_path.name)):
        write_whole(tmp_path, "x")
    assert tmp_path.is_dir()


def test_a_device_is_written_to_and_not_replaced():
    write_whole("/dev/null", "x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116 - as the system sees it


def test_parts_are_written_in_order_and_only_the_owner_may_read_where_told(tmp_path):
    path = tmp_path / "a.bin"
    write_whole(path, [b"one", memoryview(b"two"), b""], mode=0o600)
    assert path.read_bytes() == b"onetwo"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.fixture
def ordinary_folder():
    """A folder of a user who is not root: root may open whatever it likes, closed files too."""
    with tempfile.TemporaryDirectory() as folder:
        own = os.geteuid()
        if own == 0:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            if own == 0:
                os.seteuid(own)
                os.chown(folder, own, -1)  # so that it can be taken away even by a root without privileges


def test_a_file_may_be_read_only_from_the_start(ordinary_folder):
    path = ordinary_folder / "original.gz"
    for content in (b"one", b"two"):
        write_whole(path, content, mode=0o400)
        assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
