"""What a library holds, whatever the order in which it came: the same text for the same content."""

import hashlib

TABLES = ("input", "original", "activity", "fixes", "evidence", "result", "failure", "traversal",
          "street", "passes", "preference")  # fmt: skip


def dump(connection):
    """Rows of all tables with numbers of runs and ways replaced by what they stand for, sorted."""
    runs = {
        row["activity_id"]: f"{row['content_sha256'][:12]}-{row['part']}"
        for row in connection.execute("SELECT activity_id, content_sha256, part FROM activity")
    }
    ways = {
        row["segment_id"]: f"{row['way_id']}-{row['digest']}"
        for row in connection.execute("SELECT segment_id, way_id, digest FROM segment")
    }
    lines = []
    for table in TABLES:
        for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - names above
            values = {name: _short(row[name]) for name in row.keys()}  # noqa: SIM118 - a row is no dict
            for name, known in (("activity_id", runs), ("duplicate_of", runs), ("segment_id", ways)):
                if values.get(name) is not None:
                    values[name] = known[values[name]]
            lines.append(f"{table} {values}")
    return "\n".join(sorted(lines))


def exact(connection):
    """Every row of every table as it stands, numbers included."""
    return "\n".join(
        f"{table} {[_short(v) for v in row]}"
        for table in (*TABLES, "segment")
        for row in connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - names above
    )


def _short(value):
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value
