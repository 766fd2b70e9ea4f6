CREATE TABLE passes (
    activity_id INTEGER PRIMARY KEY REFERENCES result (activity_id) ON DELETE CASCADE,
    streets BLOB NOT NULL,
    draws BLOB NOT NULL,
    fingerprint INTEGER NOT NULL
) STRICT;
