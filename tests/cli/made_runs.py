"""Recordings in three formats from a route and times, with what each format says of device and day."""

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.exports import FIT_EPOCH, _crc, _definition, positions

CASES = Path(__file__).parents[2] / "../shared/data/cases"
MONDAY = datetime(2026, 11, 16, 5, 12, tzinfo=UTC)


def route(number=1, fixes=600):
    """A round of about 3 m steps in Bavaria, latitudes and longitudes."""
    latitude, longitude = positions(number, fixes, 15)
    return latitude.tolist(), longitude.tolist()


def stamps(start, fixes=600, form="%Y-%m-%dT%H:%M:%SZ", step_s=1):
    return [f"{start + timedelta(seconds=step_s * i):{form}}" for i in range(fixes)]


def fit_seconds(start, fixes=600):
    begin = int((start - FIT_EPOCH).total_seconds())
    return [begin + i for i in range(fixes)]


def as_gpx(places, times, creator="test", name="Run", kind="running", head="", line=""):
    points = "".join(
        f'<trkpt lat="{y:.7f}" lon="{x:.7f}">{f"<time>{t}</time>" if t else ""}</trkpt>'
        for y, x, t in zip(*places, times, strict=True)
    )
    root = f'<gpx version="1.1" creator="{creator}" xmlns="http://www.topografix.com/GPX/1/1">{head}'
    body = f"<trk><name>{name}</name>{line}<type>{kind}</type><trkseg>{points}</trkseg></trk></gpx>"
    return f'<?xml version="1.0"?>{root}{body}'.encode()


def as_tcx(places, times, device=None, author=None, sport="Running"):
    points = "".join(
        f"<Trackpoint>{f'<Time>{t}</Time>' if t else ''}<Position><LatitudeDegrees>{y:.7f}</LatitudeDegrees>"
        f"<LongitudeDegrees>{x:.7f}</LongitudeDegrees></Position></Trackpoint>"
        for y, x, t in zip(*places, times, strict=True)
    )
    made = f"<Creator><Name>{device}</Name></Creator>" if device else ""
    lap = f'<Lap StartTime="{times[0]}"><Track>{points}</Track></Lap>'
    by = f"<Author><Name>{author}</Name></Author>" if author else ""
    return (
        '<?xml version="1.0"?><TrainingCenterDatabase '
        'xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities>'
        f'<Activity Sport="{sport}"><Id>{times[0]}</Id>{lap}{made}</Activity></Activities>{by}'
        "</TrainingCenterDatabase>"
    ).encode()


def as_fit(places, seconds, made=None, manufacturer=1, sport=1, sub_sport=0, local_s=None, empty=0):
    """FIT; `made` is file_id.time_created in its seconds, `local_s` what its clock was ahead of UTC.

    After each record stand so many messages without a field.
    """
    parts = [
        _definition(0, 0, ((0, 1, 0x00), (1, 2, 0x84), (4, 4, 0x86))),
        struct.pack("<BBHI", 0, 4, manufacturer, 0xFFFFFFFF if made is None else made),
        _definition(1, 20, ((253, 4, 0x86), (0, 4, 0x85), (1, 4, 0x85))),
        *([_definition(4, 0xFF00, ())] if empty else []),
    ]
    scale = 2.0**31 / 180.0
    parts += [
        struct.pack("<BIii", 1, s, round(y * scale), round(x * scale)) + b"\x04" * empty
        for y, x, s in zip(*places, seconds, strict=True)
    ]
    parts += [
        _definition(2, 18, ((253, 4, 0x86), (2, 4, 0x86), (5, 1, 0x00), (6, 1, 0x00))),
        struct.pack("<BIIBB", 2, seconds[-1], seconds[0], sport, sub_sport),
    ]
    if local_s is not None:
        parts += [
            _definition(3, 34, ((253, 4, 0x86), (5, 4, 0x86))),
            struct.pack("<BII", 3, seconds[-1], seconds[-1] + local_s),
        ]
    data = b"".join(parts)
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(data), b".FIT")
    head += struct.pack("<H", _crc(head))
    return head + data + struct.pack("<H", _crc(head + data))
