"""Every name that a package promises is there, is listed, and nothing else is."""

from importlib import import_module

import pytest

PACKAGES = ("camber", "camber.library", "camber.recording", "camber.report", "camber.schema")


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_promised_is_there_and_listed(package: str) -> None:
    module = import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module)) <= {*module.__all__, "__version__"}
    assert dir(module) == sorted(dir(module))


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_not_there_is_named(package: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nowhere'"):
        getattr(import_module(package), "nowhere")  # noqa: B009 - a name that no type knows
