"""Names of sports in the languages and formats that runners meet."""

import numpy as np
import pytest

from camber.recording.sports import SportClass, is_on_foot, recording_class, sport_class

NAMES = {
    SportClass.ON_FOOT: [
        *("running", "Run", "Trail Run", "trail_running", "Walk", "Hike", "HKWorkoutActivityTypeRunning"),
        *("Lauf", "Traillauf", "Wanderung", "Course à pied", "Marche", "Randonnée", "Carrera", "Caminata"),
        *(
            "Corrida",
            "Corsa",
            "Hardlopen",
            "Löpning",
            "Løb",
            "Bieg",
            "Běh",
            "Бег",
            "跑步",
            "ランニング",
            "달리기",
        ),
        *("street_running", "track_running", "HKWorkoutActivityTypeHiking", "casual_walking", "Koşu"),
    ],
    SportClass.INDOOR: ["treadmill_running", "Treadmill Run", "indoor_running", "indoor_cycling", "Laufband"],
    SportClass.VIRTUAL: [
        "virtual_running",
        "VirtualRun",
        "Virtual Ride",
        "virtual_cycling",
        "Virtueller Lauf",
    ],
    SportClass.OTHER: [
        *("cycling", "Ride", "Radfahrt", "mountain_biking", "swimming", "Schwimmen", "Nordic Ski", "Rowing"),
        *("HKWorkoutActivityTypeCycling", "Sortie à vélo", "Natation", "weight_training", "Biking", "golf"),
        *("e_biking", "inline_skating", "Vuelta en bicicleta"),
    ],
    SportClass.UNKNOWN: [None, "", "Other", "generic", "9", "something else", "!?"],
}


@pytest.mark.parametrize(("name", "expected"), [(name, kind) for kind in NAMES for name in NAMES[kind]])
def test_a_name_says_what_the_sport_is(name, expected):
    assert sport_class(name) is expected
    assert is_on_foot(name) == (expected is SportClass.ON_FOOT)


@pytest.mark.parametrize(
    ("speed_mps", "sport", "expected"),
    [
        (3.0, "", SportClass.ON_FOOT),
        (8.0, "", SportClass.OTHER),
        (3.0, "cycling", SportClass.OTHER),
        (8.0, "running", SportClass.ON_FOOT),
    ],
)
def test_speed_decides_where_no_sport_is_named(read, speed_mps, sport, expected):
    step_deg = np.degrees(speed_mps / 6_371_009.0)
    points = "".join(
        f'<trkpt lat="{50 + i * step_deg:.9f}" lon="8"><time>2026-01-01T00:00:{i:02d}Z</time></trkpt>'
        for i in range(30)
    )
    text = f"<gpx><trk><type>{sport}</type><trkseg>{points}</trkseg></trk></gpx>"
    assert recording_class(read(text)) is expected


def test_a_route_without_times_and_sport_may_be_walked(read):
    text = '<gpx><rte><rtept lat="1" lon="2"/><rtept lat="2" lon="2"/></rte></gpx>'
    assert recording_class(read(text)) is SportClass.ON_FOOT
