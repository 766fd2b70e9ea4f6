import camber
from camber.schema import card


def test_facts_are_escaped():
    shown = card("<script>", {"<b>": "a & b"})
    assert shown == (
        "<table><caption>&lt;script&gt;</caption><tbody><tr><th style='text-align:left'>&lt;b&gt;</th>"
        "<td>a &amp; b</td></tr></tbody></table>"
    )


def test_what_was_read_shows_itself_in_short(tmp_path):
    gpx = (
        '<gpx version="1.1" creator="&lt;i&gt;"><trk><name>&lt;img src=x&gt;</name><trkseg>'
        '<trkpt lat="60.5" lon="26.9"><time>2026-11-16T06:00:00Z</time></trkpt>'
        '<trkpt lat="60.5001" lon="26.9"><time>2026-11-16T06:00:05Z</time></trkpt></trkseg></trk></gpx>'
    )
    (tmp_path / "run.gpx").write_text(gpx)
    recording = camber.read_recording(tmp_path / "run.gpx")
    assert repr(recording) == "<Recording run.gpx: 2 positions>"
    shown = recording._repr_html_()
    assert "2026-11-16 06:00 UTC" in shown
    assert "<img" not in shown
    assert "<i>" not in shown
