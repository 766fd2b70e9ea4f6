"""Files that hold runs in a form that camber does not read: what they are, and what to ask for instead."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

READ: Final = "camber reads GPX, TCX and FIT"


class Foreign(NamedTuple):
    """A kind of file: the code of its problem, what it is, and how to get what is read instead."""

    code: str
    what: str
    instead: str
    named: str = r"(?!)"
    """A name in lower case, with the folders that it lies in, that tells alone."""
    suffix: str = ""
    """How the name of a file ends whose content tells."""
    inside: bytes = rb"(?!)"
    """What stands in its first 64 KiB."""

    def fits(self, name: str, head: bytes) -> bool:
        """Tell whether a file is of this kind, by its name or by what is in it."""
        if re.search(self.named, name):
            return True
        return re.search(self.suffix, name) is not None and re.search(self.inside, head) is not None

    @property
    def message(self) -> str:
        """What an archive that holds some of them is told."""
        return f"{self.what[:1].upper()}{self.what[1:]} were passed over: {READ}; {self.instead}."


_JSON: Final = r"\.json$"

FOREIGN: Final = (
    Foreign(
        "polar_json",
        "training sessions as JSON (Polar)",
        "get them by Export session, TCX or GPX, beside each session in Polar Flow",
        r"training-session-[^/]*\.json$",
        _JSON,
        rb'(?s)"recordedRoute"|"exportVersion"\s*:.*"exercises"',
    ),
    Foreign(
        "suunto_json",
        "workouts as JSON or XML (Suunto, Movescount)",
        "get them by Export FIT or GPX, in the menu of each workout in the Suunto app",
        r"\.sml$|suunto[^/]*/?[^/]*\.json$",
        r"\.(?:json|xml)$",
        rb'(?i)"DeviceLog"|com\.suunto|"suunto/|"SuuntoPlus|<sml[\s>]|<DeviceLog|movescount',
    ),
    Foreign(
        "samsung_health",
        "exercises of Samsung Health (CSV, JSON)",
        "get them by Export GPX, in the menu of each exercise in Samsung Health",
        r"com\.samsung\.[^/]*exercise.*\.(?:csv|json)$",
        r"\.(?:csv|json)$",
        rb"com\.samsung\.(?:s?health|shealth)[a-z.]*exercise",
    ),
    Foreign(
        "huawei_json",
        "sport records as JSON (Huawei Health)",
        "get them by sharing each record as GPX, TCX or FIT, or through an app linked with Huawei Health",
        r"motion path detail[^/]*\.json$|huawei[^/]*/.*(?:motion|sport|track)[^/]*\.json$",
        _JSON,
        rb"(?i)HW_EXT_TRACK|motionPathData|motion_path|com\.huawei",
    ),
    Foreign(
        "fitbit_json",
        "exercises as JSON or CSV (Fitbit)",
        "get them by Export as TCX file, beside each exercise with a map on fitbit.com",
        r"(?:^|/)exercise-\d+\.json$|userexercises[^/]*\.(?:csv|json)$",
        _JSON,
        rb'(?s)"logId"\s*:.*"activityName"|"activityTypeId"\s*:.*"hasGps"|"tcxLink"',
    ),
    Foreign(
        "nike_json",
        "activities as JSON (Nike Run Club)",
        "Nike gives no other files, so convert them to GPX with a program such as nrc-exporter",
        r"nike[^/]*/?[^/]*\.json$|nrc[^/]*\.json$",
        _JSON,
        rb'com\.nike|"active_duration_ms"|"app_id"\s*:\s*"[^"]*nike',
    ),
    Foreign(
        "runtastic_json",
        "sport sessions as JSON (Runtastic, adidas Running)",
        "get them by the export with a folder of GPX files (GPS-data), and import all of it",
        r"(?:sport-sessions|gps-data)/[^/]*\.json$",
        _JSON,
        rb'"sport_type_id"\s*:',
    ),
    Foreign(
        "endomondo_json",
        "workouts as JSON (Endomondo)",
        "Endomondo is closed, so convert them to TCX or GPX",
        r"endomondo[^/]*/.*\.json$",
        _JSON,
        rb'(?s)\{\s*"sport"\s*:.*\{\s*"(?:points|created_date|speed_avg_kmh)"\s*:',
    ),
    Foreign(
        "google_json",
        "places or workouts as JSON (Google)",
        "runs that Google Fit tracked are TCX files in the same export, under Fit/Activities",
        r"(?:^|/)fit/all sessions/[^/]*\.json$|location history[^/]*/.*\.json$",
        _JSON,
        rb'"latitudeE7"|"semanticSegments"|"timelineObjects"|"timelinePath"|"fitnessActivity"\s*:',
    ),
    Foreign(
        "zepp_csv",
        "sport records as CSV (Zepp, Mi Fit, Amazfit)",
        "get them by sharing each run from the Zepp app as GPX, TCX or FIT",
        r"(?:^|/)sport/[^/]*\.csv$|(?:zepp|mifit|amazfit)[^/]*/.*sport[^/]*\.(?:csv|json)$",
    ),
    Foreign(
        "kml",
        "tracks drawn for maps (KML)",
        "export the run as GPX where you have it",
        r"\.kml$",
        "",
        rb"^\s*(?:<\?xml[^>]*>\s*)?<(?:[\w.-]+:)?kml[\s>]",
    ),
    Foreign(
        "training_xml",
        "workouts of other programs (PWX, FITLOG, HRM and such)",
        "export them as TCX or GPX there",
        r"\.(?:pwx|fitlog|fitlogex|slf|smf|hrm|srd)$",
    ),
    Foreign(
        "raw_log",
        "raw logs of receivers (NMEA, IGC, TTBIN and such)",
        "convert them to GPX with a program such as GPSBabel",
        r"\.(?:nmea|nma|igc|ttbin|gdb|plt|wbt)$",
        r"\.(?:log|txt)$",
        rb"\$G[PNL](?:GGA|RMC),",
    ),
    Foreign(
        "geojson",
        "lines as GeoJSON",
        "export the run as GPX, TCX or FIT where it was recorded",
        r"\.geojson$",
        _JSON,
        rb'"type"\s*:\s*"(?:FeatureCollection|Feature|LineString|MultiLineString)"',
    ),
    Foreign(
        "positions_csv",
        "tables of positions (CSV)",
        "export the run as GPX, TCX or FIT where it was recorded",
        r"(?!)",
        r"\.(?:csv|tsv|txt)$",
        rb"(?i)^[^\n]*\b(?:position_)?lat(?:itude)?(?:_deg)?\b[^\n]*[,;\t][^\n]*\b(?:position_)?"
        rb"(?:lon|lng|long|longitude)(?:_deg)?\b",
    ),
)
"""Kinds of files, the first that fits counts: told by what their makers' exports and the programs that
convert them hold."""


def foreign_kind(label: str, head: bytes) -> Foreign | None:
    """Tell what a file that is no recording of ours is, by its name and its first bytes."""
    name = label.lower()
    return next((kind for kind in FOREIGN if kind.fits(name, head)), None)
