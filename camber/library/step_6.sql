CREATE TABLE answer (
    answer_id INTEGER PRIMARY KEY,
    told_at_ms INTEGER NOT NULL,
    value TEXT NOT NULL,
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
    fingerprint INTEGER NOT NULL
) STRICT;
