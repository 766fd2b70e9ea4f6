"""What the commands know how to do, as the pages ask for it: one way of doing each thing, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd

    from camber.library import Library, Week
    from camber.library.days import Span
    from camber.observations.answers import Answer
    from camber.report.story import Story
    from camber.schema import Advice, Inquiry, Period


class Tell(Protocol):
    """Says how far a chore is."""

    def __call__(self, what: str, done: float, total: float, /) -> None:
        """Say it."""


class Desk(Protocol):
    """What is done for the pages by those who do it for the commands."""

    def files(self) -> Sequence[Path]:
        """List the files of which one changes when a page may say something else."""

    def library(self) -> Library:
        """Open the runner's library."""

    def days_of(self, library: Library, kind: str, name: str) -> Week | Span:
        """Find a week, month or year by its name; the last one where it is ``"last"``."""

    def story(
        self, library: Library, days: Week | Span, advise: Callable[[Period], Advice | None]
    ) -> tuple[Story, gpd.GeoDataFrame | None]:
        """Tell some days to the runner, with the roads to draw below."""

    def story_of_run(
        self, library: Library, run: int, advise: Callable[[Period], Advice | None]
    ) -> tuple[Story, gpd.GeoDataFrame | None]:
        """Tell one run."""

    def week_start(self) -> str:
        """Say on which day a week begins."""

    def units(self, library: Library) -> str:
        """Choose the unit of distances."""

    def answer(self, library: Library, asked: Sequence[tuple[Inquiry, str]]) -> list[Answer]:
        """Keep answers to questions."""

    def settings(self) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        """List the settings that a page offers: value, what it means, and what may be chosen."""

    def set(self, key: str, value: str) -> None:
        """Change a setting; a `camber.errors.SettingsError` where that cannot be."""

    def map_status(self, library: Library) -> str:
        """Say what the runs need of the map that is not kept, and what fetching it costs; "" for nothing."""

    def terrain_status(self, library: Library) -> list[str]:
        """Say which terrain models are known and wanted, line by line."""

    def do(self, kind: str, given: dict[str, Any]) -> Any:  # noqa: ANN401 - of each kind its own
        """Do a chore: import, roads, fetch, analyse, again, measure, wanted, advise or share."""


class MakeDesk(Protocol):
    """Makes a desk for one chore or one page; travels to another process."""

    def __call__(self, tell: Tell, say: Callable[[str], None], /) -> Desk:
        """Make it."""
