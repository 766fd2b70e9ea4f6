CREATE TABLE believed (
    answer_id INTEGER NOT NULL REFERENCES answer (answer_id) ON DELETE CASCADE,
    receiver TEXT NOT NULL,
    told_m REAL NOT NULL,
    named_m REAL NOT NULL,
    right_m REAL NOT NULL,
    PRIMARY KEY (answer_id, receiver)
) STRICT, WITHOUT ROWID;
