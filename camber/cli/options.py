"""Options that several commands share."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

Format = TypeVar("Format", bound=StrEnum)

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to this file; its suffix says what."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Details = Annotated[bool, typer.Option("--details", help="Show all that stands behind the answer.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 5 if any file could not be used.")]
RoadFiles = Annotated[
    list[Path] | None,
    typer.Option("--roads", metavar="FILE", help="OpenStreetMap extract, or several; default: what is kept."),
]

NoOpen = Annotated[bool, typer.Option("--no-open", help="Do not open the page in a browser.")]

# The map
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be fetched.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Fetch without asking.")]
Server = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Overpass server to ask; default: the setting overpass_server."),
]


def place_named(text: str) -> tuple[float, float]:
    """Read latitude and longitude [deg] as maps copy them, such as ``"60.53, 26.94"``."""
    parts = text.replace(",", " ").split()
    try:
        latitude, longitude = map(float, parts)
    except ValueError:
        said = f"{text!r} is not a place: give latitude and longitude, such as 60.53,26.94"
        raise typer.BadParameter(said) from None
    return latitude, longitude


def format_of(asked: Format | None, path: Path | None, formats: type[Format]) -> Format:
    """Choose a format: what was asked for by name, else by the suffix of the file, else text."""
    suffix = path.suffix.lower().removeprefix(".") if path else ""
    wanted = {"htm": "html", "": "text", "txt": "text", "md": "text"}.get(suffix, suffix)
    if asked is None and wanted not in set(formats):
        known = ", ".join(f".{one}" for one in formats if one != "text")
        text = f"{path} ends in .{suffix}, which camber does not write; it writes .txt, {known}"
        raise typer.BadParameter(text, param_hint="--output")
    return asked or formats(wanted)


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take options as one value: the fields of the dataclass that is its last parameter."""
    *own, last = signature(command).parameters.values()
    fields = signature(last.annotation).parameters.values()

    @wraps(command)
    def run(**given: Any) -> None:  # noqa: ANN401 - what typer reads
        value = last.annotation(**{field.name: given.pop(field.name) for field in fields})
        command(**given, **{last.name: value})

    # Typer reads the options of a command from its signature.
    options = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in (*own, *fields)]
    run.__annotations__ = {option.name: option.annotation for option in options}
    vars(run)["__signature__"] = Signature(options)
    return run
