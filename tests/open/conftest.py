"""A library that an earlier camber made, open without a server."""

import gzip
from pathlib import Path

import pytest

from camber.cli.open_ import MakeDesk
from camber.library.database import FILE_NAME
from camber.open.guard import Guard
from camber.open.office import new_office
from camber.open.server import application
from tests.open.asking import PORT, Asking

OLD = Path(__file__).parents[1] / "library" / "old_library.sqlite.gz"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    (folder / "library").mkdir(mode=0o700)
    (folder / "library" / FILE_NAME).write_bytes(gzip.decompress(OLD.read_bytes()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAMBER_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def office(home):
    """An office whose long work is only listed: nothing is begun."""
    return new_office(MakeDesk(offline=True), home / "library" / "open")


@pytest.fixture(scope="module")
def app(office):
    return Guard(application(office, lambda: None), office.keys, PORT)


@pytest.fixture
def asking(app, office):
    """A browser that came through the door."""
    found = Asking(app)
    assert found.enter(office.keys.once).status == 303
    return found


@pytest.fixture
def token(office):
    return {"token": office.keys.token}
