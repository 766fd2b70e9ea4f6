CREATE TABLE seal (
    table_name TEXT NOT NULL,
    key ANY NOT NULL,
    rows INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (table_name, key)
) STRICT, WITHOUT ROWID;
