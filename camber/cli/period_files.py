"""Writing a period in every form that was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from camber.cli.session import Session
    from camber.library import Library, Week
    from camber.library.spans import Span
    from camber.schema import Period

# ruff: noqa: PLC0415 - what is heavy loads when it is asked for

_MOST_TILES: Final = 12
_MOST_RUNS: Final = 60
"""Runs beyond which a page has no map (judgement: what a page of 1.5 MB holds)."""


@dataclass(frozen=True)
class Wanted:
    """What is to be written of a period.

    Parameters
    ----------
    kind : {"text", "json", "html"}
        Form of ``output``, or of what is printed.
    output : Path or None
        Where to; the terminal if None and no other file is asked for.
    html, png, eml : Path or None
        Files.
    audience : {"runner", "shared", "coach"}
        Who reads them.
    without_zone : bool
        Whether to share though there is no privacy zone.
    """

    kind: str
    output: Path | None
    html: Path | None
    png: Path | None
    eml: Path | None
    audience: str
    without_zone: bool

    @property
    def needs_map(self) -> bool:
        """Whether a page with a map is among them."""
        return self.audience != "coach" and (self.html is not None or self.kind == "html")


def write_period(session: Session, library: Library, days: Week | Span, wanted: Wanted) -> None:
    """Sum days up and write them.

    Parameters
    ----------
    session : Session
        Where to print, with the settings.
    library : Library
        The library.
    days : Week or Span
        The days.
    wanted : Wanted
        What to write.
    """
    from camber.cli.weeks import units_of

    units = units_of(session, library)
    start = session.preferences.week_start
    period = library.period(days, week_start=start)
    analysed = [run.run for run in period.runs if run.summary is not None]
    if wanted.needs_map and len(analysed) <= _MOST_RUNS:
        period = replace(period, stretches=library.stretches(analysed))
    if wanted.audience == "shared":
        from camber.library.sharing import public_period

        period = public_period(library, period, without_zone=wanted.without_zone)
    basemap = _basemap(library, period, own=wanted.audience == "runner") if wanted.needs_map else None
    _write_files(session, period, wanted, units, basemap)
    if wanted.output is not None or not (wanted.html or wanted.png or wanted.eml) or wanted.kind == "json":
        _write_main(session, period, wanted, units, basemap)


def _write_main(
    session: Session, period: Period, wanted: Wanted, units: str, basemap: gpd.GeoDataFrame | None
) -> None:
    if wanted.kind == "json":
        from camber.report.period_json import period_json

        session.write(period_json(period), wanted.output)
    elif wanted.kind == "html":
        session.write(_page(period, wanted, units, basemap), wanted.output)
    else:
        from camber.report.period_text import period_text

        session.show(period_text(period, units), wanted.output)


def _write_files(
    session: Session, period: Period, wanted: Wanted, units: str, basemap: gpd.GeoDataFrame | None
) -> None:
    from camber.report.files import write_whole

    if wanted.html is not None:
        session.write(_page(period, wanted, units, basemap), wanted.html)
    if wanted.png is not None:
        from camber.report.period_cards import week_cards

        tall = wanted.png.with_name(f"{wanted.png.stem}-tall{wanted.png.suffix or '.png'}")
        for path, card in zip((wanted.png, tall), week_cards(period, units), strict=True):
            session.say(f"wrote {write_whole(path, card)}")
    if wanted.eml is not None:
        from camber.report.period_mail import week_mail
        from camber.report.period_page import Audience, PageOptions

        mail = week_mail(period, PageOptions(units, Audience(wanted.audience)))
        session.say(f"wrote {write_whole(wanted.eml, mail)}")


def _page(period: Period, wanted: Wanted, units: str, basemap: gpd.GeoDataFrame | None) -> str:
    from camber.report.period_page import Audience, PageOptions, week_page

    return week_page(period, PageOptions(units, Audience(wanted.audience), basemap))


def _basemap(library: Library, period: Period, *, own: bool) -> gpd.GeoDataFrame | None:
    """Find roads to draw below: tiles that are kept, and the ways that runs were on for the runner alone."""
    if period.stretches is None or period.stretches.empty:
        return None
    import pandas as pd

    parts = [_tile_ways(period)]
    if own:
        parts.append(library.ways([run.run for run in period.runs if run.summary]))
    found = [part for part in parts if part is not None and not part.empty]
    if not found:
        return None
    both = pd.concat(found, ignore_index=True)
    return both.drop_duplicates("way_id", ignore_index=True)


def _tile_ways(period: Period) -> gpd.GeoDataFrame | None:
    import shapely

    from camber.cli.cache_folder import roads_cache
    from camber.conventions import WGS84
    from camber.errors import RoadsError
    from camber.roads.tiles import open_tiles, usable_tiles

    if period.stretches is None:
        return None
    places = shapely.get_coordinates(period.stretches.geometry.to_numpy())
    try:
        tiles = usable_tiles(roads_cache(), places[:, 0], places[:, 1])
        if not 0 < len(tiles) <= _MOST_TILES:
            return None
        ways = open_tiles(roads_cache(), tiles).ways
    except RoadsError:
        return None  # a map without the roads around is still a map
    return ways.reset_index()[["way_id", "highway", "geometry"]].to_crs(WGS84)
