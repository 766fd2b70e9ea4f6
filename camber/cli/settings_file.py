"""The user's settings: one TOML file, read whole, checked value by value.

The keys are those of `Preferences` and, with the name of their stage before a dot, those of
`camber.schema.Settings`, such as ``suggestion.with_traffic_limit_kmh``. A value that is not in the file has
its documented default.
"""

from __future__ import annotations

import difflib
import json
import math
import os
import re
import tomllib
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from camber.errors import SettingsError, StandardsError
from camber.library.place import HOME_VARIABLE
from camber.report.files import write_whole
from camber.schema.settings import Settings

if TYPE_CHECKING:
    from camber.standards import Overrides

_SHARES: Final = frozenset(
    {"threshold", "decided", "tilted", "smallest_gain", "usual_balance", "street_correlation"}
)
_FEWEST_DRAWS: Final = 20
_MOST_DRAWS: Final = 10_000
_COUNTRY: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_SERVER: Final = re.compile(r"https://[^/\s]|http://(localhost|127\.0\.0\.1|\[::1\])[:/]")
_HEADER: Final = (
    "# Settings of camber. `camber config show` lists every key with its value;\n"
    "# `camber config set KEY VALUE` rewrites this file without comments of your own.\n"
)


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
    settings : Settings
        Settings of every stage.
    """

    units: str = "km"
    week_start: str = "monday"
    country: str = ""
    overpass_server: str = "https://overpass-api.de/api"
    overrides: str = ""
    settings: Settings = field(default_factory=Settings)


def settings_path() -> Path:
    """Say where the settings file is, or would be.

    Returns
    -------
    Path
        ``camber.toml`` in the folder that ``CAMBER_HOME`` names, else in the user's folder for settings.
    """
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser() / "camber.toml"
    from platformdirs import user_config_path  # noqa: PLC0415 - not needed where CAMBER_HOME is set

    return user_config_path("camber", appauthor=False) / "camber.toml"


def read_preferences(path: Path) -> tuple[Preferences, tuple[str, ...]]:
    """Read the user's settings.

    Parameters
    ----------
    path : Path
        The file; where there is none, everything has its default.

    Returns
    -------
    preferences : Preferences
        Checked values.
    warnings : tuple of str
        One sentence for each key that means nothing here, with the key that may have been meant.

    Raises
    ------
    SettingsError
        If the file is no TOML, a value is none that its key allows, or the file of overrides cannot be used.
    """
    given = _flat(_read(path))
    known = defaults()
    unknown = [key for key in given if key not in known]
    preferences = Preferences()
    for key in (key for key in given if key in known):
        preferences = _with(preferences, key, _checked(key, given[key], known[key], where=str(path)))
    if preferences.overrides:
        rows = _overrides(path.parent / Path(preferences.overrides).expanduser())
        preferences = replace(preferences, settings=replace(preferences.settings, overrides=rows))
    return preferences, tuple(f"{path}: {_unknown_key(key)}" for key in unknown)


def _overrides(path: Path) -> Overrides:
    from camber.standards import read_overrides  # noqa: PLC0415 - reads tables

    try:
        return read_overrides(path)
    except StandardsError as error:
        raise SettingsError(str(error), key="overrides") from error


def set_preference(path: Path, key: str, text: str) -> None:
    """Set one key and write the file anew.

    Parameters
    ----------
    path : Path
        The file; it and its folder are made where they are missing.
    key : str
        One of `defaults`.
    text : str
        The value as typed; an empty text takes the key out, so that it has its default again.

    Raises
    ------
    SettingsError
        If there is no such key, the value is none that it allows, or the file is no TOML.
    """
    known = defaults()
    if key not in known:
        raise SettingsError(_unknown_key(key), key=key)
    values = _flat(_read(path))
    values.pop(key, None)
    if text:
        values[key] = _checked(key, _typed(text, known[key]), known[key], where="command line")
    write_whole(path, _toml(values))


def is_set(path: Path, key: str) -> bool:
    """Tell whether the user has set a key.

    Parameters
    ----------
    path : Path
        The file.
    key : str
        One of `defaults`.

    Returns
    -------
    bool
        False where it has its default for want of anything else.
    """
    return key in _flat(_read(path))


def defaults() -> dict[str, Any]:
    """List every key with its default.

    Returns
    -------
    dict
        In the order in which they are shown.
    """
    return effective(Preferences())


def effective(preferences: Preferences) -> dict[str, Any]:
    """List every key with its value.

    Parameters
    ----------
    preferences : Preferences
        The settings.

    Returns
    -------
    dict
        In the order in which they are shown.
    """
    own = {f.name: getattr(preferences, f.name) for f in fields(preferences) if f.name != "settings"}
    stages = {f.name: getattr(preferences.settings, f.name) for f in fields(Settings) if f.name not in own}
    loose = {name: value for name, value in stages.items() if not is_dataclass(value)}
    nested = {
        f"{stage}.{f.name}": getattr(value, f.name)
        for stage, value in stages.items()
        if is_dataclass(value)
        for f in fields(value)
    }
    return {**own, **loose, **nested}


def _with(preferences: Preferences, key: str, value: object) -> Preferences:
    stage, _, name = key.rpartition(".")
    if stage:
        part = replace(getattr(preferences.settings, stage), **{name: value})
        return replace(preferences, settings=replace(preferences.settings, **{stage: part}))
    if name in {f.name for f in fields(Settings)} - {"overrides"}:
        changes: dict[str, Any] = {name: value}
        return replace(preferences, settings=replace(preferences.settings, **changes))
    own: dict[str, Any] = {name: value}
    return replace(preferences, **own)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path} is no valid TOML ({error}): correct it, or delete it to start with the defaults"
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


def _text_problem(key: str, value: object) -> str | None:
    allowed: dict[str, tuple[str, ...]] = {"units": ("km", "mi"), "week_start": ("monday", "sunday")}
    if key == "lateral.device_class":
        from camber.standards import gnss_classes  # noqa: PLC0415 - reads a table

        allowed[key] = ("auto", *gnss_classes())
    if key == "overrides":
        return None if isinstance(value, str) else "is no path of a CSV file"
    if key in allowed:
        return None if value in allowed[key] else f"is none of: {', '.join(allowed[key])}"
    if key == "overpass_server":
        right = isinstance(value, str) and _SERVER.match(value)
        return None if right else "is no address that starts with https://"
    is_country = isinstance(value, str) and (value == "" or _COUNTRY.fullmatch(value) is not None)
    return None if is_country else "is no country code such as FI, or US-CA"


def _number_problem(key: str, value: object, default: object) -> str | None:
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "is neither true nor false"
    kinds = (int,) if isinstance(default, int) else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
        return "is no whole number" if isinstance(default, int) else "is no number"
    if key == "draws" and not _FEWEST_DRAWS <= value <= _MOST_DRAWS:
        return f"is not in {_FEWEST_DRAWS} to {_MOST_DRAWS}: fewer draws hold no 5 % quantile"
    # A distance, time or count that turns negative, or a penalty that turns positive, is a slip of the hand.
    if isinstance(default, (int, float)) and value * math.copysign(1.0, default) < 0.0:
        return f"has the wrong sign (the default is {default:g})"
    if key.rpartition(".")[2] in _SHARES and value > 1.0:
        return "is no share from 0 to 1"
    return None


def _unknown_key(key: str) -> str:
    close = difflib.get_close_matches(key, defaults(), n=1, cutoff=0.5)
    meant = f"; did you mean {close[0]}?" if close else "; `camber config show` lists all keys"
    return f"there is no setting {key!r}{meant}"


def _toml(values: dict[str, Any]) -> str:
    order = {key: place for place, key in enumerate(defaults())}
    ordered = sorted(values, key=lambda key: (order.get(key, len(order)), key))
    lines, stage = [_HEADER], ""
    for key in sorted(ordered, key=lambda key: key.rpartition(".")[0] != ""):
        own_stage, _, name = key.rpartition(".")
        if own_stage != stage:
            lines.append(f"\n[{_toml_key(own_stage)}]\n")
            stage = own_stage
        lines.append(f"{_toml_key(name)} = {_toml_value(values[key], key)}\n")
    return "".join(lines)


def _toml_key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _toml_value(value: object, key: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return _quoted(value)
    message = f"the settings file holds {key}, which camber does not know and cannot write again: remove it"
    raise SettingsError(message, key=key)


def _quoted(text: str) -> str:
    """Quote a text; TOML's basic strings are those of JSON, but for DEL and for pairs of surrogates."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
