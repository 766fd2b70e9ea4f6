"""Whatever is done to a file, it ends as a recording or as a named problem, soon and in little memory."""

from tests.recording.fuzzing import LIMIT_MB, LIMIT_S, run


def test_two_thousand_mutations_are_read_or_named():
    result = run(0, 2000)
    assert not result.failures, "\n".join(result.failures[:20])
    assert result.recordings > 200
    assert sum(result.named.values()) > 200
    assert result.slowest_s < LIMIT_S
    assert result.grown_mb < LIMIT_MB
