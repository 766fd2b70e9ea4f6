CREATE TABLE survey (
    survey_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('terrain', 'lines')),
    path TEXT NOT NULL,
    member TEXT NOT NULL,
    header TEXT NOT NULL,
    UNIQUE (kind, path, member)
) STRICT;

CREATE TABLE measured_way (
    number INTEGER PRIMARY KEY,
    way_id INTEGER NOT NULL UNIQUE,
    asked TEXT NOT NULL,
    version TEXT NOT NULL,
    length_m REAL NOT NULL,
    observed TEXT NOT NULL,
    said TEXT NOT NULL,
    fingerprint INTEGER NOT NULL
) STRICT;
