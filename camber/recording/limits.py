"""How much a file may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

from camber.errors import DamagedFileError


@dataclass(frozen=True)
class ReadLimits:
    """Limits of the readers; a file beyond one of them is refused, never thinned.

    The defaults are judgements: far beyond any real recording, and cheap to reach for an ordinary computer.

    Parameters
    ----------
    size_bytes : int
        Content after decompression [bytes].
    ratio : float
        Size after to size before decompression, once `ratio_from_bytes` are exceeded (recordings at hand
        shrink 5 to 22 times; a bomb 1,000 times, zlib's limit being 1,032).
    ratio_from_bytes : int
        Decompressed size from which `ratio` counts [bytes].
    blank_bytes : int
        Blank space and byte order marks skipped before the content [bytes].
    elements : int
        XML elements.
    depth : int
        Nesting of XML elements.
    attributes : int
        Attributes of one XML element.
    point_elements : int
        XML elements within one point.
    points : int
        Points of one recording (2 million are 23 days at one per second).
    fit_messages : int
        Messages of one FIT file (one record a second and a few others fill it in 50 days).
    fit_bare_messages : int
        Messages without any field in one FIT file beyond two for each record; they say nothing and cost time
        (so many take three seconds).
    fit_files : int
        FIT files chained to one.
    archive_bytes : int
        Everything that one import unpacks from archives [bytes].
    archive_entries : int
        Files in one archive.
    archive_depth : int
        Archives within archives (Garmin's account export is two deep).
    list_bytes : int
        A list in an export, such as ``activities.csv`` [bytes].
    memory_bytes : int
        Memory of the process that reads files on behalf of another [bytes].
    cpu_s, wall_s : float
        Processor and clock time that one file may take there [s].
    name_length : int
        Characters kept of a name.
    bad_share : float
        Share of points without a usable position above which nothing in the file is trusted.
    first_year : int
        Times before this year are none (no runner wore a satellite receiver before).
    future_days : float
        Times further than this ahead of the clock are none [days]; clocks and zones may be a day off.
    """

    size_bytes: int = 512 * 2**20
    ratio: float = 200.0
    ratio_from_bytes: int = 4 * 2**20
    blank_bytes: int = 4096
    elements: int = 50_000_000
    depth: int = 64
    attributes: int = 256
    point_elements: int = 1000
    points: int = 2_000_000
    fit_messages: int = 5_000_000
    fit_bare_messages: int = 500_000
    fit_files: int = 64
    archive_bytes: int = 20 * 2**30
    archive_entries: int = 200_000
    archive_depth: int = 2
    list_bytes: int = 256 * 2**20
    memory_bytes: int = 3 * 2**29
    cpu_s: float = 60.0
    wall_s: float = 90.0
    name_length: int = 1000
    bad_share: float = 0.2
    first_year: int = 1990
    future_days: float = 2.0

    def check_growth(self, packed: int, unpacked: int, label: str) -> None:
        """Refuse a file [bytes before and after so far] that grows as only a bomb does."""
        if unpacked > self.ratio_from_bytes and unpacked > self.ratio * packed:
            text = f"grows more than {self.ratio:g} times when unpacked, as no recording does"
            raise DamagedFileError(text, path=label)
