"""Every notebook runs from top to bottom without a network, and what it keeps of its outputs is small."""

import os
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks need the notebook extra")
nbclient = pytest.importorskip("nbclient", reason="notebooks need the notebook extra")
pytest.importorskip("ipykernel", reason="notebooks need the notebook extra")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_BYTES = 600_000
QUIET_JUPYTER = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:jupyter_client", "ignore::DeprecationWarning:nbclient"
)
CLOSED = "http://127.0.0.1:9"

# Run by Python at its start, in the kernel and in every process it starts.
GUARD = """
import socket, sys, warnings

def _watch(event, values):
    if event == "socket.connect":
        address = values[1]
        near = isinstance(address, (str, bytes)) or str(address[0]) in {"127.0.0.1", "::1", "localhost"}
        if not near:
            raise OSError(f"a notebook asked for the network: {address}")
    if event == "socket.getaddrinfo" and values[0] not in {None, "", "127.0.0.1", "::1", "localhost"}:
        raise OSError(f"a notebook asked for the network: {values[0]}")

sys.addaudithook(_watch)
warnings.simplefilter("error")
# Jupyter's own parts may warn about each other.
for _own in ("IPython", "ipykernel", "jupyter_client", "jupyter_core", "traitlets", "zmq", "tornado",
             "debugpy", "comm", "asyncio", "matplotlib_inline", "runpy", "nest_asyncio"):
    warnings.filterwarnings("ignore", module=_own)
"""


@pytest.fixture
def closed_network(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(GUARD)
    path = [str(tmp_path), str(ROOT), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
    monkeypatch.setenv("CAMBER_HOME", str(tmp_path / "home"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, CLOSED)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def kinds(cell):
    """What a cell shows, without what it says."""
    return [(one.output_type, tuple(sorted(one.get("data", {})))) for one in cell.outputs]


def run(notebook, folder):
    resources = {"metadata": {"path": str(folder)}}
    client = nbclient.NotebookClient(
        notebook, timeout=170, kernel_name="python3", resources=resources, record_timing=False
    )
    return client.execute()


def test_there_are_seven():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06", "07"]


@pytest.mark.slow
@pytest.mark.usefixtures("closed_network")
@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:jupyter_client", "ignore::DeprecationWarning:nbclient"
)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_without_a_network_and_shows_what_it_keeps(path):
    kept = nbformat.read(path, as_version=4)
    again = run(nbformat.read(path, as_version=4), path.parent)
    for old, new in zip(code_cells(kept), code_cells(again), strict=True):
        assert kinds(old) == kinds(new), old.source


@pytest.mark.slow
@pytest.mark.usefixtures("closed_network")
@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:jupyter_client", "ignore::DeprecationWarning:nbclient"
)
@pytest.mark.parametrize(
    "source",
    [
        "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "import urllib.request; urllib.request.urlopen('http://example.org', timeout=1)",
        "import warnings; warnings.warn('something of ours is wrong')",
    ],
    ids=["socket", "address", "warning"],
)
def test_the_guard_stops_what_it_should(source, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    with pytest.raises(nbclient.exceptions.CellExecutionError):
        run(notebook, tmp_path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_kept_outputs_are_there_small_and_say_nothing_of_the_machine(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stat().st_size < MOST_BYTES
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [one for cell in cells for one in cell.outputs]
    assert not any(one.get("name") == "stderr" or one.output_type == "error" for one in outputs)
    shown = [mime for one in outputs for mime in one.get("data", {})]
    assert "image/png" in shown
    text = "".join(str({**one, "data": {**one.get("data", {}), "image/png": ""}}) for one in outputs)
    for trace in (str(ROOT), str(Path.home()), "/tmp/", "\\Users\\"):  # noqa: S108 - looked for, not used
        assert trace not in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_says_what_is_simulated_and_whose_map_it_is(path):
    text = path.read_text(encoding="utf-8")
    assert "simulated" in text
    assert "OpenStreetMap" in text
