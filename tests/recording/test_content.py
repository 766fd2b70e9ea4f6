"""Bytes of any kind end as a recording or as a named problem."""

import codecs
import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.errors import DamagedFileError, RecordingError, UnsupportedFormatError
from camber.recording import ReadLimits, read_recording


def zipped(data):
    """Gzip without a time in it: the cases have to be the same in every process."""
    return gzip.compress(data, mtime=0)


PATIENT = settings(deadline=None)  # a busy machine is no failure

POINTS = '<trkpt lat="1" lon="2"/><trkpt lat="2" lon="2"/>'
BARE = f"<gpx><trk><name>Straße</name><trkseg>{POINTS}</trkseg></trk></gpx>"
DECLARED = '<?xml version="1.0" encoding="{}"?>' + BARE


@pytest.mark.parametrize(
    "content",
    [
        BARE.encode(),
        DECLARED.format("UTF-8").encode(),
        codecs.BOM_UTF8 + DECLARED.format("UTF-8").encode(),
        b" \n" + codecs.BOM_UTF8 + b"\r\n\t" + DECLARED.format("UTF-8").encode(),
        DECLARED.format("ISO-8859-1").encode("latin-1"),
        DECLARED.format("windows-1252").encode("cp1252"),
        DECLARED.format("UTF-16").encode("utf-16"),
        codecs.BOM_UTF16_BE + DECLARED.format("UTF-16").encode("utf-16-be"),
        DECLARED.format("UTF-16LE").encode("utf-16-le"),
        DECLARED.format("UTF-16BE").encode("utf-16-be"),
        codecs.BOM_UTF16_LE + ("\n" + DECLARED.format("UTF-16")).encode("utf-16-le"),
        DECLARED.format("UTF-32").encode("utf-32"),
        DECLARED.format("UTF-32BE").encode("utf-32-be"),
        BARE.encode() + b"\0" * 100_000,
        BARE.encode("utf-16") + b"\0" * 7_000,
        zipped(BARE.encode()),
        zipped(BARE[:50].encode()) + zipped(BARE[50:].encode()),
        zipped(BARE.encode()) + b"\0" * 512,
        zipped(DECLARED.format("UTF-16").encode("utf-16")),
        zipped(BARE.encode() + b"\n" * 300_000),
        b"<!-- <!DOCTYPE no harm> -->" + BARE.encode(),
        b"<?xml-stylesheet href='x.xsl'?>" + BARE.encode(),
    ],
)
@pytest.mark.parametrize("name", ["run.gpx", "run.gpx.gz", "run.fit", "run"])
def test_content_decides_and_not_the_name(read, content, name):
    recording = read(content, name=name)
    assert recording.fixes["latitude_deg"].tolist() == [1.0, 2.0]
    assert recording.name == "Straße"


BOMB = '<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
DOCTYPES = {
    "internal": BOMB + BARE,
    "declared": '<?xml version="1.0"?>\n' + BOMB + BARE,
    "after a comment": "<!-- <gpx> -->" + BOMB + BARE,
    "external": '<!DOCTYPE gpx SYSTEM "http://127.0.0.1:9/x.dtd">' + BARE,
    "bare": "<!DOCTYPE gpx>" + BARE,
    "unfinished": '<!DOCTYPE gpx [<!ENTITY a "',
    "late": "<!--" + "x" * 200_000 + "-->" + BOMB + BARE,
    "external entity": '<!DOCTYPE gpx [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    + BARE.replace("Str", "&e;"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", DOCTYPES.values(), ids=DOCTYPES.keys())
def test_document_types_are_refused_whatever_the_encoding(read, text, encoding):
    with pytest.raises(DamagedFileError, match="DOCTYPE"):
        read(text.encode(encoding))


def test_a_document_type_hidden_by_the_declared_encoding_is_refused(read):
    # UTF-7 writes "<!" in letters, so that no search of the bytes finds it: the parser's own word counts.
    declared = b'<?xml version="1.0" encoding="UTF-7"?>'
    hidden = (BOMB + BARE).encode("utf-7").replace(b"<!", b"+ADwAIQ-")
    assert b"<!DOCTYPE" not in hidden
    with pytest.raises(DamagedFileError, match="DOCTYPE"):
        read(declared + hidden)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\t ", "is empty"),
        (b"\0" * 5000, "is empty"),
        (zipped(b""), "is empty"),
        (b" " * 5000 + BARE.encode(), "blank space"),
        (b"garbage " + BARE.encode(), "before its first tag"),
        (BARE[:-20].encode(), "well-formed"),
        (BARE.encode() + b"junk", "well-formed"),
        (BARE.replace("<trk>", "<trk>\0").encode(), "well-formed"),
        (BARE.replace("Stra", "\x07").encode(), "well-formed"),
        (BARE.replace("Stra", "a & b").encode(), "well-formed"),
        (BARE.replace("Stra", "&nbsp;").encode(), "well-formed"),
        (BARE.encode("latin-1"), "well-formed"),
        (DECLARED.format("no-such-thing").encode(), "well-formed"),
        (DECLARED.format("UTF-16").encode("utf-16")[:-1], "UTF-16"),
        (codecs.BOM_UTF16_LE + b"<\0\x00\xd8<\0", "UTF-16"),
        (zipped(BARE.encode())[:-9], "ends too early"),
        (zipped(BARE.encode())[:12], "ends too early"),
        (zipped(BARE.encode())[:-6] + b"abcdef", "broken"),
        (zipped(BARE.encode()) + b"junk", "broken"),
    ],
)
def test_damage_is_named(read, content, said):
    with pytest.raises(DamagedFileError, match=said):
        read(content)


def test_zero_bytes_within_are_damage_wherever_they_stand(read):
    for length in range(65_530, 65_542):
        padded = BARE.replace("<trk>", "<trk>" + " " * (length - 8 - 5)).encode()
        assert len(read(padded).fixes) == 2
        with pytest.raises(DamagedFileError):
            read(padded.replace(b"   <name>", b"\0\0\0<name>"))


def test_damage_names_its_line_and_file(read):
    with pytest.raises(DamagedFileError, match=r"my run\.gpx, line 3") as caught:
        read("<gpx>\n<trk>\n</gpx>", name="my run.gpx")
    assert caught.value.offset == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04rest", "zip archive"),
        (zipped(zipped(BARE.encode())), "compressed twice"),
        (b"<kml><Document/></kml>", "KML"),
        (b"<osm version='0.6'/>", "OpenStreetMap"),
        (b"<GPX/>", "<GPX>"),
        (b"<!DOCTYPE html><p>Log in<br>", "web page"),
        (b"<html><p>Log in<br>", "web page"),
        (b"<!-- hello --><HTML lang='en'><p>", "web page"),
        (b'{"type": "FeatureCollection"}', "JSON"),
        (b"%PDF-1.7", "PDF"),
        (b"time,lat,lon\n1,2,3\n", "holds no XML"),
        (bytes(range(1, 200)), "holds no XML"),
    ],
)
def test_other_formats_are_named(read, content, said):
    with pytest.raises(UnsupportedFormatError, match=said):
        read(content)


def test_a_web_page_quoted_in_a_name_is_no_web_page(read):
    assert read(BARE.replace("Straße", "<![CDATA[<html><!DOCTYPE html>]]>")).name == "<html><!DOCTYPE html>"


def test_what_cannot_be_opened_is_a_recording_error(tmp_path):
    closed = tmp_path / "closed.gpx"
    closed.write_text(BARE)
    closed.chmod(0)
    for path in (tmp_path / "none.gpx", tmp_path, str(tmp_path / "a\0b"), closed / "below"):
        with pytest.raises(RecordingError, match="cannot be read"):
            read_recording(path)


def test_a_file_that_fails_while_it_is_read_is_a_recording_error(tmp_path, monkeypatch):
    path = tmp_path / "run.gpx"
    path.write_text(BARE)

    class Failing:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def read(self, _size):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("camber.recording.reading._open", lambda _: Failing())
    with pytest.raises(RecordingError, match="Input/output error"):
        read_recording(path)


def test_the_source_is_the_base_name(read):
    assert read(BARE, name="evening\x1b[2J.gpx").source == "evening[2J.gpx"


def nested(depth):
    return BARE.replace("<trkseg>", "<extensions>" + "<a>" * depth + "</a>" * depth + "</extensions><trkseg>")


SMALL = ReadLimits(
    size_bytes=300_000, elements=2_000, depth=20, attributes=10, point_elements=20, points=50, blank_bytes=10
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BARE + " " * 300_000, "larger than"),
        (BARE.replace("<trk>", "<a/>" * 2_000 + "<trk>"), "2,000 elements"),
        (nested(30), "nests more than 20"),
        (nested(200_000), r"well-formed|nests more than"),
        (BARE.replace("<trk>", "<trk " + " ".join(f'a{i}="1"' for i in range(11)) + ">"), "10 attributes"),
        (BARE.replace("/>", ">" + "<a/>" * 21 + "</trkpt>", 1), "20 elements"),
        (BARE.replace("<trkseg>", "<trkseg>" + '<trkpt lat="1" lon="2"/>' * 49), "50 points"),
        (" " * 11 + BARE, "blank space"),
    ],
    ids=["size", "elements", "depth", "deep", "attributes", "point", "points", "blank"],
)
def test_a_file_beyond_a_limit_is_refused(read, content, said):
    with pytest.raises(DamagedFileError, match=said):
        read(content, limits=SMALL)


@pytest.mark.parametrize(
    "content",
    [
        nested(10),
        BARE.replace("<trk>", "<a/>" * 1_000 + "<trk>"),
        BARE.replace("/>", ">" + "<a/>" * 20 + "</trkpt>", 1),
        BARE.replace("<trkseg>", "<trkseg>" + '<trkpt lat="1" lon="2"/>' * 48),
    ],
)
def test_a_file_within_the_limits_is_read(read, content):
    assert read(content, limits=SMALL).name == "Straße"


def test_a_compression_bomb_is_stopped_by_its_ratio(read):
    packer = zlib.compressobj(9, wbits=31)
    bomb = packer.compress(BARE.encode()) + b"".join(packer.compress(b" " * 2**20) for _ in range(40))
    with pytest.raises(DamagedFileError, match="grows more than 200 times"):
        read(bomb + packer.flush())


def test_a_bomb_of_one_tag_is_stopped(read):
    for text in ("<gpx><trk><name>" + "x" * 11_000_000, '<gpx a="' + "x" * 11_000_000):
        with pytest.raises(DamagedFileError):
            read(text)


def test_many_namespaces_and_attributes_are_no_trouble(read):
    spaces = " ".join(f'xmlns:n{i}="urn:{i}"' for i in range(20_000))
    assert len(read(BARE.replace("<gpx>", f"<gpx {spaces}>")).fixes) == 2
    attributes = " ".join(f'a{i}="1"' for i in range(200_000))
    with pytest.raises(DamagedFileError, match="256 attributes"):
        read(BARE.replace("lat=", f"{attributes} lat="))


def is_read_or_named(read, content):
    try:
        recording = read(content)
    except RecordingError as error:
        return bool(str(error))
    return len(recording.fixes) >= 2


@PATIENT
@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_named(read, content):
    assert is_read_or_named(read, content)


@PATIENT
@given(st.binary(max_size=200), st.sampled_from([b"<", b"<gpx>", b"\x1f\x8b\x08\0", b"\xff\xfe", b"<?xml "]))
def test_any_bytes_after_a_familiar_beginning_are_read_or_named(read, content, beginning):
    assert is_read_or_named(read, beginning + content)


@PATIENT
@given(st.data())
def test_a_damaged_recording_is_read_or_named(read, gpx, data):
    extensions = "<extensions><a:hr xmlns:a='urn:a'>150</a:hr></extensions>"
    inner = f"<ele>1</ele><time>2024-01-01T00:00:00Z</time>{extensions}"
    content = bytearray(gpx(inner, inner, inner).encode())
    if data.draw(st.booleans()):
        content = bytearray(zipped(bytes(content)))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        change = data.draw(st.sampled_from(["flip", "cut", "repeat", "drop"]))
        if change == "flip":
            content[place] = data.draw(st.integers(0, 255))
        elif change == "cut":
            content = content[: place + 1]
        elif change == "repeat":
            content[place:place] = content[place : place + data.draw(st.integers(1, 80))]
        else:
            del content[place : place + data.draw(st.integers(1, 20))]
        content = content or bytearray(b"<")
    assert is_read_or_named(read, bytes(content))
