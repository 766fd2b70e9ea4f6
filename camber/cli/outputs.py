"""Where a story goes: to the terminal, or to files of the kinds that every report has."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camber.cli.options import AsJson, Details, Output, format_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from camber.cli.session import Session
    from camber.report.story import Story


class Form(StrEnum):
    """How a report is written; the last two are tables of intervals, for programs."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    PNG = "png"
    EML = "eml"
    CSV = "csv"
    GEOJSON = "geojson"


INTERVALS = (Form.CSV, Form.GEOJSON)


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What is to be written, and where: the options that every report has."""

    kind: Annotated[
        Form | None, typer.Option("--format", help="Default: by the suffix of FILE, else text.")
    ] = None
    output: Output = None
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="One page with a map.")] = None
    png: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A card of 1200 x 630, and a tall one beside it.")
    ] = None
    eml: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A mail for your mail program; nothing is sent.")
    ] = None
    as_json: AsJson = False
    details: Details = False

    @property
    def main(self) -> Form:
        """Form of what goes to `output`, or to the terminal."""
        return Form.JSON if self.as_json else format_of(self.kind, self.output, Form)

    @property
    def beside(self) -> bool:
        """Whether a file is to be written beside the main form, which then may be missing."""
        return bool(self.html or self.png or self.eml)

    @property
    def has_page(self) -> bool:
        """Whether a page, which has a map, is among them."""
        return self.html is not None or self.main is Form.HTML

    def write(
        self, session: "Session", story: "Story", basemap: "gpd.GeoDataFrame | None", steps: "Sequence[str]"
    ) -> None:
        """Write a story in every form that was asked for; `steps` say what to do next, in the terminal."""
        files = ((Form.HTML, self.html), (Form.PNG, self.png), (Form.EML, self.eml))
        for form, path in files:
            if path is not None:
                _write(session, story, basemap, form, path)
        if self.beside and self.output is None and self.main is not Form.JSON:
            return
        if self.main is Form.TEXT:
            from camber.report import story_text

            left = [step for step in steps if not (self.details and "--details" in step)]
            session.show(story_text(story, left, details=self.details), self.output)
        else:
            _write(session, story, basemap, self.main, self.output)


def _write(
    session: "Session", story: "Story", basemap: "gpd.GeoDataFrame | None", form: Form, path: Path | None
) -> None:
    """Write one form to a file, or to standard output; of cards the tall one beside the other."""
    from camber import report

    if form is Form.HTML:
        session.write(report.story_page(story, basemap), path)
    elif form is Form.JSON:
        session.write(report.story_json(story), path)
    elif form is Form.EML:
        from camber.report.mail import story_mail

        session.write(story_mail(story), path)
    elif form is Form.PNG:
        from camber.report.cards import story_cards

        wide, tall = story_cards(story)
        session.write(wide, path)
        if path is not None:
            session.write(tall, path.with_name(f"{path.stem}-tall{path.suffix or '.png'}"))
    else:
        text = f"`camber export --format {form}` writes the intervals of your library"
        raise typer.BadParameter(text, param_hint="--format")
