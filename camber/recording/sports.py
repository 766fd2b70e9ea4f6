"""Which sports camber looks at: one table of the names that devices, apps and exports use.

The names are those of Garmin's FIT profile (types ``sport`` and ``sub_sport``), of the TCX schema
(``Sport_t``), of Strava's exports in the languages of its site, of Apple Health
(``HKWorkoutActivityType``) and of Runkeeper; letters alone count, so that ``Trail Run``, ``trail_run`` and
``TrailRun`` are one name.
"""

# ruff: noqa: RUF001 - names in Russian look like names in Latin letters

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.conventions import EARTH_M
from camber.longitudes import short_way
from camber.recording.texts import clean_text
from camber.recording.virtual_worlds import program_of

if TYPE_CHECKING:
    from camber.schema import Recording


class SportClass(StrEnum):
    """What a sport means for camber."""

    ON_FOOT = "on_foot"
    """Running, trail running, walking, hiking outside: analysed."""
    INDOOR = "indoor"
    """On a treadmill or an indoor track: imported and counted."""
    VIRTUAL = "virtual"
    """Positions in an invented world: imported and counted."""
    OTHER = "other"
    """Any other sport: imported and counted."""
    UNKNOWN = "unknown"
    """No sport is named, or by a name that says nothing: speed decides."""


_ON_FOOT: Final = """
run running runs jog jogging trailrun trailrunning trail mountainrunning roadrunning streetrunning
streetrun trackrunning trackrun ultrarun ultrarunning obstacle obstaclerun race walk walking walks
casualwalking speedwalking racewalking nordicwalking hike hiking hikes trekking mountaineering rucking ruck
snowshoe snowshoeing wheelchairpushwalk parkrun orienteering navigate
lauf laufen traillauf laufeinheit spaziergang gehen wandern wanderung traillaufen
courseapied course trailcourseapied marche randonnee randonneepedestre courseapiedentrail courseentrail
carrera correr caminata caminar senderismo carreraapie carreratrail carreraentrail carreraporlamontana
corrida caminhada trilha corridaemtrilha corridadetrilha
corsa camminata passeggiata escursione escursionismo corsatrail corsasutrail corsasusentiero trailrunningcorsa
hardlopen hardloop wandelen wandeling hike trailloop loop
lopning lop lopp loping promenad vandring terranglopning gatur
lob gang vandretur traillob lobetur
bieg bieganie spacer wedrowka biegterenowy biegprzelajowy marsz
beh chuze turistika behvterenu
бег ходьба поход трейлраннинг пешийтуризм прогулка забег
ランニング ラン トレイルラン トレイルランニング ウォーキング ウォーク ハイキング
跑步 越野跑 步行 徒步 健走 散步 健行 跑步活动
달리기 걷기 하이킹 트레일러닝 트레일런
kosu yuruyus dogayuruyusu lari jalan mendaki
juoksu kavely vaellus polkujuoksu
""".split()  # noqa: SIM905 - a table of words reads best as words

_INDOOR: Final = """
treadmill treadmillrun treadmillrunning treadmillrunner treadmillwalking indoorrunning indoorrun
indoorwalking indoortrack indoortrackrunning laufband laufbandlauf indoorlauf tapisroulant loopband
esteira cintadecorrer cinta bieznia ranningnatreadmill トレッドミル 跑步机
""".split()  # noqa: SIM905

_VIRTUAL: Final = """
virtualrun virtualrunning virtualactivity virtualride virtualcycling virtualwalk virtuallauf
virtuellerlauf virtuelllauf virtuellefahrt courseavirtuelle coursevirtuelle courseapiedvirtuelle
sortievirtuelle carreravirtual corridavirtual corsavirtuale virtuelehardloopsessie virtuellt
виртуальныйбег виртуальныйзабег バーチャルラン 虚拟跑步 虚拟跑 biegwirtualny
""".split()  # noqa: SIM905

_OTHER: Final = (
    *("ride", "riding", "cycl", "bik", "velo", "ciclis", "bici", "fiets", "cykel", "sykkel", "rower", "rad"),
    *("swim", "schwimm", "natation", "natacion", "natacao", "nuoto", "zwem", "plywan", "fahrt", "sortie"),
    *("ski", "snowboard", "skat", "row", "ruder", "aviron", "paddl", "kayak", "canoe", "kanu", "raft"),
    *("surf", "sail", "boat", "div", "fish", "hunt", "golf", "tennis", "soccer", "football", "basket"),
    *("volley", "cricket", "rugby", "hockey", "racket", "squash", "badminton", "pickle", "padel", "ball"),
    *("box", "martial", "yoga", "pilates", "strength", "weight", "kraft", "muscul", "crossfit", "hiit"),
    *("ellip", "stair", "stepper", "climb", "kletter", "escalad", "driv", "motor", "fly", "hang"),
    *("horse", "wheel", "handcycle", "danc", "meditat", "breath", "equipment", "equitation", "jumpmaster"),
    *(
        "transition",
        "vuelta",
        "pedal",
        "giro",
        "pyora",
        "kolo",
        "вело",
        "заезд",
        "плав",
        "лыж",
        "騎",
        "骑",
        "ライド",
    ),
    *("自転車", "游泳", "スイム", "水泳", "滑雪", "スキー", "라이딩", "자전거", "수영"),
)
"""Parts of the names of other sports; what names nothing that is known is judged by its speed."""

_ON_FOOT_WORDS: Final = ("run", "walk", "hik", "jog", "lauf", "wander")
_STROKED: Final = str.maketrans("øłđ", "old")
"""Letters with a stroke, which Unicode does not decompose."""

_APPLE: Final = "hkworkoutactivitytype"
FASTEST_ON_FOOT_MPS: Final = 5.5
"""Median speed above which an unnamed sport is taken for a ride [m/s]: between the pace of a marathon's
record, 5.8 m/s, which few runners hold, and an easy ride; a judgement."""


def sport_of(text: str | None, length: int) -> str | None:
    """Sport as the file names it, lower case; Strava's exports up to 2018 write 9 for a run, 1 for a ride."""
    sport = clean_text(text, length)
    return None if sport is None else {"9": "running", "1": "cycling"}.get(sport, sport.lower())


def sport_class(sport: str | None) -> SportClass:
    """Tell what a sport means for camber; unknown is a name that says nothing or that no table holds."""
    letters = _letters(sport or "").removeprefix(_APPLE)
    if not letters:
        return SportClass.UNKNOWN
    known = _CLASSES.get(letters)
    if known is not None:
        return known
    if "treadmill" in letters or "indoor" in letters:
        return SportClass.INDOOR
    if "virtual" in letters:
        return SportClass.VIRTUAL
    if letters.startswith(_ON_FOOT_WORDS):
        return SportClass.ON_FOOT
    return SportClass.OTHER if any(part in letters for part in _OTHER_PARTS) else SportClass.UNKNOWN


def sport_with(own: str | None, listed: str | None) -> str | None:
    """Choose between a file's own word and that of its export's list, which may know that it was indoors."""
    indoors = {SportClass.INDOOR, SportClass.VIRTUAL}
    if listed and (sport_class(own) is SportClass.UNKNOWN or sport_class(listed) in indoors):
        return listed
    return own


def is_on_foot(sport: str | None) -> bool:
    """Tell whether a sport is one that camber analyses; not where none is named."""
    return sport_class(sport) is SportClass.ON_FOOT


def recording_class(recording: Recording) -> SportClass:
    """Tell what a recording means for camber; where its sport is unknown, its median speed decides."""
    if program_of(recording.device, recording.name, recording.sport, recording.fixes) is not None:
        return SportClass.VIRTUAL
    named = sport_class(recording.sport)
    if named is not SportClass.UNKNOWN:
        return named
    speed_mps = _median_speed(recording)
    return SportClass.OTHER if speed_mps > FASTEST_ON_FOOT_MPS else SportClass.ON_FOOT


def _median_speed(recording: Recording) -> float:
    """Median speed [m/s] of the steps that move; zero without times."""
    fixes = recording.fixes
    north_m = np.radians(fixes["latitude_deg"].to_numpy()) * EARTH_M
    east_m = np.radians(short_way(np.diff(fixes["longitude_deg"].to_numpy()))) * EARTH_M
    scale = np.cos(north_m[:-1] / EARTH_M)
    step_m = np.hypot(np.diff(north_m), east_m * scale)
    step_s = fixes["time"].diff().dt.total_seconds().to_numpy()[1:]
    moving = (step_s > 0.0) & (step_m > 0.0)
    return float(np.median(step_m[moving] / step_s[moving])) if moving.any() else 0.0


def _letters(sport: str) -> str:
    plain = unicodedata.normalize("NFKD", sport.casefold().translate(_STROKED))
    return "".join(c for c in plain if c.isalpha() and not unicodedata.combining(c))


_CLASSES: Final = {
    _letters(name): kind
    for names, kind in (
        (_ON_FOOT, SportClass.ON_FOOT),
        (_INDOOR, SportClass.INDOOR),
        (_VIRTUAL, SportClass.VIRTUAL),
    )
    for name in names
}
_OTHER_PARTS: Final = tuple(map(_letters, _OTHER))
