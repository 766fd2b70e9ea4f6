"""``camber config``: the user's settings, one TOML file, read whole, checked value by value.

The keys are those of `Preferences` and, with the name of their stage before a dot, those of
`camber.Settings`, such as ``suggestion.with_traffic_limit_kmh``. A value that is not in the file has its
documented default. What a user wrote beside the values, comments above all, stays.
"""

import difflib
import math
import os
import re
import tomllib
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

import camber
from camber.errors import SettingsError, StandardsError
from camber.library.place import HOME_VARIABLE
from camber.whole_files import write_whole

if TYPE_CHECKING:
    from camber.standards import Overrides

app = typer.Typer(rich_markup_mode=None, help="Show or change your settings: one TOML file.")

_SHARES: Final = frozenset(
    {"threshold", "decided", "tilted", "smallest_gain", "usual_balance", "street_correlation"}
)
_OFTEN: Final = frozenset(
    {
        *("units", "week_start", "country", "overpass_server", "overrides", "target"),
        "suggestion.with_traffic_limit_kmh",
    }
)
"""What a runner may want to set; the rest are numbers of the model."""

_FEWEST_DRAWS: Final = 20
_MOST_DRAWS: Final = 10_000
_COUNTRY: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_SERVER: Final = re.compile(r"https://[^/\s]|http://(localhost|127\.0\.0\.1|\[::1\])[:/]")
_TARGET: Final = re.compile(r"(\d{1,2})\s*%?\s*(left|right)(?:\s*[,;:]\s*(.{1,80}))?", re.IGNORECASE)
_LEAST_TARGET: Final = 0.1
"""Nearer to one leg alone nobody aims (judgement)."""

_HEADER: Final = "# Settings of camber. `camber config show --all` lists every key with its value.\n"


@app.command("path")
def config_path() -> None:
    """Say where the settings file is, or would be."""
    typer.echo(settings_path())


@app.command("show")
def config_show(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those of the model too.")] = False,
) -> None:
    """Show your settings, and which of them differ from their default."""
    usual, hidden = defaults(), 0
    for key, value in effective(context.obj.preferences).items():
        if not everything and key not in _OFTEN and value == usual[key]:
            hidden += 1
            continue
        note = "" if value == usual[key] else f"   (default {usual[key]!r})"
        typer.echo(f"{key} = {value!r}{note}")
    if hidden:
        context.obj.say(f"{hidden} more are at their default: `camber config show --all`")


@app.command("set")
def config_set(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="Such as units, or suggestion.with_traffic_limit_kmh.")],
    value: Annotated[str, typer.Argument(help="The value; '' takes the key out.")],
) -> None:
    """Change one setting; other keys of the file are kept."""
    set_preference(settings_path(), key, value)
    context.obj.say(f"wrote {settings_path()}")


def _usual_settings() -> "camber.Settings":
    return camber.Settings()


@dataclass(frozen=True)
class Preferences:
    """What the user set, defaults filled in.

    Parameters
    ----------
    units : {"km", "mi"}
        Unit of distances in text and HTML; tables for programs stay in metres.
    week_start : {"monday", "sunday"}
        First day of a week.
    country : str
        ISO 3166-1 alpha-2 code (or ``US-CA``) that overrides the place of the roads; "" for none.
    overpass_server : str
        Address of the Overpass server that roads are fetched from, without ``/interpreter``.
    overrides : str
        CSV file with rows of the standards that take the place of the packaged ones, as
        `camber.standards.read_overrides` reads it; relative to the folder of the settings; "" for none.
    target : str
        Share of one leg that suggestions aim at, and whose wish that is, such as
        ``"60 % left, my physiotherapist"``; "" for even.
    settings : Settings
        Settings of every stage.
    """

    units: str = "km"
    week_start: str = "monday"
    country: str = ""
    overpass_server: str = "https://overpass-api.de/api"
    overrides: str = ""
    target: str = ""
    settings: "camber.Settings" = field(default_factory=_usual_settings)


def settings_path() -> Path:
    """Say where the settings file is: where ``CAMBER_HOME`` says, else in the user's folder for settings."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser() / "camber.toml"
    from platformdirs import user_config_path

    return user_config_path("camber", appauthor=False) / "camber.toml"


def read_preferences(path: Path) -> tuple[Preferences, tuple[str, ...]]:
    """Read the settings, and one warning for each key that means nothing here.

    SettingsError if the file is no TOML, a value is not allowed, or the overrides cannot be used.
    """
    given, known = _flat(_read(path)), defaults()
    preferences = Preferences()
    for key in (key for key in given if key in known):
        preferences = _with(preferences, key, _checked(key, given[key], known[key], where=str(path)))
    if preferences.overrides:
        rows = _overrides(path.parent / Path(preferences.overrides).expanduser())
        preferences = replace(preferences, settings=replace(preferences.settings, overrides=rows))
    if preferences.target:
        target_left, _ = read_target(preferences.target)
        aimed = replace(preferences.settings.suggestion, target_left=target_left)
        preferences = replace(preferences, settings=replace(preferences.settings, suggestion=aimed))
    return preferences, tuple(f"{path}: {_unknown_key(key)}" for key in given if key not in known)


def read_target(text: str) -> tuple[float, str]:
    """Read a target: the share of the left leg, and from whom it is; SettingsError if it is none."""
    found = _TARGET.fullmatch(text.strip())
    share = float(found[1]) / 100.0 if found else 0.0
    if found is None or not _LEAST_TARGET <= share <= 1.0 - _LEAST_TARGET:
        text = f"target = {text!r} is no share from 10 to 90 % of a leg, such as 60 % left"
        raise SettingsError(text, key="target")
    return (share if found[2].lower() == "left" else 1.0 - share), (found[3] or "").strip()


def _overrides(path: Path) -> "Overrides":
    from camber.standards import read_overrides

    try:
        return read_overrides(path)
    except StandardsError as error:
        raise SettingsError(str(error), key="overrides") from error


def set_preference(path: Path, key: str, text: str) -> None:
    """Set one key as typed, and leave the rest of the file as it is; an empty text takes the key out.

    SettingsError if there is no such key, the value is none that it allows, or the file is no TOML.
    """
    import tomlkit

    known = defaults()
    if key not in known:
        raise SettingsError(_unknown_key(key), key=key)
    stage, _, name = key.rpartition(".")
    if stage and not isinstance(_read(path).get(stage, {}), dict):
        text = f"{path}: {stage} holds a value, but it names a group of settings: take its line out"
        raise SettingsError(text, key=key)
    document = tomlkit.parse(_text(path) or _HEADER)
    table: Any = document.setdefault(stage, tomlkit.table()) if stage else document
    if text:
        table[name] = _checked(key, _typed(text, known[key]), known[key], where="command line")
    else:
        table.pop(name, None)
    if stage and not table and not table.as_string().strip():
        document.pop(stage)
    write_whole(path, document.as_string())


def is_set(path: Path, key: str) -> bool:
    """Tell whether the user has set a key: False where it has its default for want of anything else."""
    return key in _flat(_read(path))


def defaults() -> dict[str, Any]:
    """List every key with its default, in the order in which they are shown."""
    return effective(Preferences())


def effective(preferences: Preferences) -> dict[str, Any]:
    """List every key with its value, in the order in which they are shown."""
    own = {f.name: getattr(preferences, f.name) for f in fields(preferences) if f.name != "settings"}
    stages = {f.name: getattr(preferences.settings, f.name) for f in fields(camber.Settings)}
    loose: dict[str, Any] = {}
    nested: dict[str, Any] = {}
    for stage, value in stages.items():
        if is_dataclass(value):
            nested |= {f"{stage}.{f.name}": getattr(value, f.name) for f in fields(value)}
        elif stage not in own:
            loose[stage] = value
    return {**own, **loose, **nested}


def _with(preferences: Preferences, key: str, value: object) -> Preferences:
    """Change one value: of a stage, of all stages, or of the preferences themselves."""
    stage, _, name = key.rpartition(".")
    settings: Any = preferences.settings
    if stage:
        value, name = replace(getattr(settings, stage), **{name: value}), stage
    change: dict[str, Any] = {name: value}
    if hasattr(preferences, name):
        return replace(preferences, **change)
    return replace(preferences, settings=replace(settings, **change))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig") if path.exists() else ""


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except ValueError as error:
        message = f"{path} is not valid TOML ({error}): correct it, or delete it to start with the defaults"
        raise SettingsError(message, key="") from error


def _flat(table: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            values |= {f"{name}.{inner}": v for inner, v in value.items()}
        else:
            values[name] = value
    return values


def _typed(text: str, default: object) -> object:
    """Read a typed value as what its default is; what is no number stays a text and is refused later."""
    if isinstance(default, bool):
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return text if isinstance(default, str) else int(text) if isinstance(default, int) else float(text)
    except ValueError:
        return text


def _checked(key: str, value: Any, default: object, *, where: str) -> Any:  # noqa: ANN401 - text or number
    problem = _text_problem(key, value) if isinstance(default, str) else _number_problem(key, value, default)
    if problem:
        raise SettingsError(f"{where}: {key} = {value!r} {problem}", key=key)
    return float(value) if isinstance(default, float) else value


def _target_problem(value: object) -> str | None:
    try:
        if value:
            read_target(str(value))
    except SettingsError:
        return "is no share from 10 to 90 % of a leg, such as '60 % left, my physiotherapist', or '' for even"
    return None


def _text_problem(key: str, value: object) -> str | None:
    allowed: dict[str, tuple[str, ...]] = {"units": ("km", "mi"), "week_start": ("monday", "sunday")}
    if key == "lateral.device_class":
        from camber.standards import gnss_classes

        allowed[key] = ("auto", *gnss_classes())
    if key == "target":
        return _target_problem(value)
    if key == "overrides":
        return None if isinstance(value, str) else "is not the path of a CSV file"
    if key in allowed:
        return None if value in allowed[key] else f"is none of: {', '.join(allowed[key])}"
    if key == "overpass_server":
        right = isinstance(value, str) and _SERVER.match(value)
        return None if right else "is not an address that starts with https://"
    is_country = isinstance(value, str) and (value == "" or _COUNTRY.fullmatch(value) is not None)
    return None if is_country else "is not a country code such as FI, or US-CA"


def _number_problem(key: str, value: object, default: object) -> str | None:
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "is neither true nor false"
    kinds = (int,) if isinstance(default, int) else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
        return "is not a whole number" if isinstance(default, int) else "is not a number"
    if key == "draws" and not _FEWEST_DRAWS <= value <= _MOST_DRAWS:
        return f"is not in {_FEWEST_DRAWS} to {_MOST_DRAWS}: fewer draws hold no 5 % quantile"
    # A distance, time or count that turns negative, or a penalty that turns positive, is a slip of the hand.
    if isinstance(default, (int, float)) and value * math.copysign(1.0, default) < 0.0:
        return f"has the wrong sign (the default is {default:g})"
    if key.rpartition(".")[2] in _SHARES and value > 1.0:
        return "is not a share from 0 to 1"
    return None


def _unknown_key(key: str) -> str:
    close = difflib.get_close_matches(key, defaults(), n=1, cutoff=0.5)
    meant = f"; did you mean {close[0]}?" if close else "; `camber config show --all` lists all keys"
    return f"there is no setting {key!r}{meant}"
