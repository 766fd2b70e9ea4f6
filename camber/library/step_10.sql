CREATE TABLE contact (
    activity_id INTEGER PRIMARY KEY REFERENCES result (activity_id) ON DELETE CASCADE,
    said TEXT NOT NULL,
    drawn BLOB NOT NULL
) STRICT;
CREATE TABLE note (
    note_id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    leg TEXT NOT NULL CHECK (leg IN ('', 'left', 'right', 'both')),
    text TEXT NOT NULL,
    source TEXT NOT NULL,
    activity_id INTEGER REFERENCES activity (activity_id) ON DELETE SET NULL,
    written_at_ms INTEGER NOT NULL
) STRICT;
