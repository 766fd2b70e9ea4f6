"""A browser without a network, and a checker of accessibility; both skip and say what is missing."""

import os
import shutil
from contextlib import contextmanager
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pytest

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium_or_skip():
    found = os.environ.get("CAMBER_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    if find_spec("playwright") is None:
        pytest.skip("playwright is not installed (extra: dev)")
    return found


@contextmanager
def browser():
    path = chromium_or_skip()
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not there on every machine

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield opened
        finally:
            opened.close()


class Seen:
    """A page opened from disk with the network cut off, and everything it asked for or complained about."""

    def __init__(self, chromium, path, *, width=1000, height=800, dark=False, touch=False):
        self.context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            offline=True,
            bypass_csp=False,
        )
        self.page = self.context.new_page()
        self.asked, self.refused, self.said = [], [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("requestfailed", self._note_refusal)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append("dialog"), dialog.dismiss()))
        self.url = Path(path).as_uri()
        self.page.goto(self.url)

    def _note_refusal(self, request):
        if request.failure == "csp":
            self.refused.append(request.url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


def axe_or_skip():
    if find_spec("axe_playwright_python") is None:
        pytest.skip("axe-playwright-python is not installed (extra: dev)")
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
