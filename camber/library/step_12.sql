CREATE TABLE chosen (
    activity_id INTEGER PRIMARY KEY REFERENCES fixes (activity_id) ON DELETE CASCADE,
    asked TEXT NOT NULL,
    roads TEXT NOT NULL
) STRICT;
CREATE TABLE settled (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    state TEXT NOT NULL
) STRICT;
