"""A desk for the tests of the list: chores that count, fail, die, wait for the library, or are never done."""

import os
import time
from pathlib import Path

from camber.errors import LibraryBusyError, LibraryError


class MadeDesk:
    def __init__(self, folder, tell, say):
        self.folder, self.tell, self.say = Path(folder), tell, say

    def do(self, kind, given):
        self.note(f"{kind} {given.get('name', '')}".strip())
        if kind == "fail":
            self.say("read 3 files")
            raise LibraryError("is full", path=self.folder / "library")
        if kind == "stumble":
            raise RuntimeError(f"in {self.folder}")
        if kind == "die":
            os._exit(9)
        if kind == "die once" and not (self.folder / "died").exists():
            (self.folder / "died").touch()
            os._exit(9)
        if kind == "busy" and not (self.folder / "free").exists():
            (self.folder / "free").touch()
            raise LibraryBusyError(
                "another camber (import, process 1, since now) is writing to it", path="library"
            )
        if kind == "long":
            for step in range(600):
                self.tell("going on", float(step), 600.0)
                time.sleep(0.05)
        self.tell("counted", 1.0, 1.0)
        self.say(f"wrote {self.folder / 'page.html'}")
        return {"of": kind}

    def note(self, text):
        with (self.folder / "began").open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")


class MakeMadeDesk:
    def __init__(self, folder):
        self.folder = str(folder)

    def __call__(self, tell, say):
        return MadeDesk(self.folder, tell, say)
