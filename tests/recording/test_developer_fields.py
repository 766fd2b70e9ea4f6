"""Balance of ground contact in fields of an app's own: signs by hand, one maker after the other."""

import struct

import pytest

from tests.simulated_export import checksum

UINT8, STRING, SINT16, SINT32, UINT32, FLOAT = 2, 7, 0x83, 0x85, 0x86, 0x88
CODES = {UINT8: "B", SINT16: "h", SINT32: "i", UINT32: "I", FLOAT: "f"}
COUNT = 20
SILENT = None


def definition(local, number, fields, own=()):
    head = struct.pack("<BBBHB", (0x60 if own else 0x40) | local, 0, 0, number, len(fields))
    return (
        head + b"".join(map(bytes, fields)) + (bytes([len(own)]) + b"".join(map(bytes, own)) if own else b"")
    )


def described(number, kind, name, units, native=None):
    """Message ``field_description`` of one field of an app's own, with its definition before it."""
    texts = [text.encode() + b"\0" for text in (name, units)]
    fields = [(0, 1, UINT8), (1, 1, UINT8), (2, 1, UINT8)]
    fields += [(at, len(text), STRING) for at, text in zip((3, 8), texts, strict=True)]
    values = bytes([2, 0, number, kind]) + b"".join(texts)
    if native is not None:
        fields += [(15, 1, UINT8)]
        values += bytes([native])
    return definition(2, 206, fields) + values


def recorded(own, native=None):
    """A FIT activity whose records hold these fields of an app: (name, units, type, stands for, value)."""
    body = definition(0, 0, [(0, 1, 0)]) + b"\0\4" + definition(1, 207, [(3, 1, UINT8)]) + b"\1\0"
    for number, (name, units, kind, stands_for, _) in enumerate(own):
        body += described(number, kind, name, units, stands_for)
    fields = [(253, 4, UINT32), (0, 4, SINT32), (1, 4, SINT32)] + ([(84, 2, 0x84)] if native else [])
    sizes = [(number, struct.calcsize(CODES[one[2]]), 0) for number, one in enumerate(own)]
    body += definition(3, 20, fields, sizes)
    for row in range(COUNT):
        body += struct.pack("<BIii", 3, 1_100_000_000 + row, 722_000_000 + 300 * row, 322_000_000)
        body += struct.pack("<H", native) if native else b""
        body += b"".join(struct.pack(f"<{CODES[one[2]]}", one[4]) for one in own)
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    whole = head + struct.pack("<H", checksum(head)) + body
    return whole + struct.pack("<H", checksum(whole))


@pytest.mark.parametrize(
    ("maker", "own", "left_pct"),
    [
        # In words: 260 ms on the left foot, 240 on the right: 52 % left.
        ("RunScribe", [("GCT_L", "ms", SINT16, None, 260), ("GCT_R", "ms", SINT16, None, 240)], 52.0),
        (
            "RunScribe, earlier",
            [("RS_ContactTime_R", "ms", FLOAT, None, 260.0), ("RS_ContactTime_L", "ms", FLOAT, None, 240.0)],
            48.0,
        ),
        (
            "RunScribe, one pod",
            [("GCT_L", "ms", SINT16, None, 0), ("GCT_R", "ms", SINT16, None, 240)],
            SILENT,
        ),
        ("RunScribe, averages", [("GCT", "ms", SINT16, None, 250)], SILENT),
        ("any app that says so", [("Balance", "%", FLOAT, 84, 51.5)], 51.5),
        ("an app's percentages", [("Balance", "%", FLOAT, 30, 51.5)], SILENT),
        # No source says which foot it is the share of.
        ("Stryd's stiffness", [("Leg Spring Stiffness Balance", "%", FLOAT, None, 51.5)], SILENT),
    ],
)
def test_the_left_foots_share_is_read_where_a_source_tells_which_foot_it_is(read, maker, own, left_pct):
    got = read(recorded(own), name="run.fit").fixes["stance_time_balance_pct"]
    assert len(got) == COUNT, maker
    assert got.isna().all() if left_pct is SILENT else got.to_numpy() == pytest.approx(left_pct), maker


def test_the_watchs_own_balance_counts_more_as_stryds_pods_and_garmins_write_it(read):
    """Field 84 of the profile, in hundredths: 48.87 % left, whatever an app adds."""
    got = read(recorded([("Balance", "%", FLOAT, 84, 51.5)], native=4887), name="run.fit")
    assert got.fixes["stance_time_balance_pct"].to_numpy() == pytest.approx(48.87)


def test_what_cannot_be_a_share_is_left_out_and_counted(read, problems):
    got = read(recorded([("Balance", "", FLOAT, 84, 4887.0)]), name="run.fit")
    assert got.fixes["stance_time_balance_pct"].isna().all()
    assert problems(got)["bad_value"] == COUNT
