CREATE TABLE input (
    laid_sha256 TEXT PRIMARY KEY,
    content_sha256 TEXT NOT NULL,
    source TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('recording', 'problem')),
    code TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    reader TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX input_content ON input (content_sha256);

CREATE TABLE original (
    content_sha256 TEXT PRIMARY KEY,
    content_bytes INTEGER NOT NULL,
    kept_sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE activity (
    activity_id INTEGER PRIMARY KEY,
    content_sha256 TEXT NOT NULL REFERENCES original (content_sha256),
    part INTEGER NOT NULL,
    source TEXT NOT NULL,
    format TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('run', 'other_sport', 'no_track')),
    reason TEXT NOT NULL,
    sport TEXT,
    device TEXT,
    title TEXT,
    gear TEXT,
    day TEXT,
    started_at_ms INTEGER,
    ended_at_ms INTEGER,
    time_zone TEXT,
    distance_m REAL NOT NULL,
    fixes INTEGER NOT NULL,
    richness INTEGER NOT NULL,
    duplicate_of INTEGER REFERENCES activity (activity_id),
    problems TEXT NOT NULL,
    fingerprint INTEGER NOT NULL,
    UNIQUE (content_sha256, part)
) STRICT;
CREATE INDEX activity_day ON activity (day, started_at_ms);
CREATE INDEX activity_start ON activity (started_at_ms, ended_at_ms);
CREATE INDEX activity_duplicate ON activity (duplicate_of) WHERE duplicate_of IS NOT NULL;

CREATE TABLE fixes (
    activity_id INTEGER PRIMARY KEY REFERENCES activity (activity_id) ON DELETE CASCADE,
    rows INTEGER NOT NULL,
    data BLOB NOT NULL,
    fingerprint INTEGER NOT NULL
) STRICT;

CREATE TABLE evidence (
    activity_id INTEGER PRIMARY KEY REFERENCES activity (activity_id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    value TEXT NOT NULL,
    fingerprint INTEGER NOT NULL
) STRICT;

CREATE TABLE learned (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version TEXT NOT NULL,
    data BLOB NOT NULL,
    fingerprint INTEGER NOT NULL
) STRICT;

CREATE TABLE result (
    activity_id INTEGER PRIMARY KEY REFERENCES activity (activity_id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    learned_version TEXT NOT NULL,
    camber_version TEXT NOT NULL,
    roads_source TEXT NOT NULL,
    osm_date TEXT,
    distance_m REAL NOT NULL,
    duration_s REAL NOT NULL,
    judged_m REAL NOT NULL,
    summary TEXT NOT NULL,
    suggestions TEXT NOT NULL,
    not_judged TEXT NOT NULL,
    intervals INTEGER NOT NULL,
    traversals INTEGER NOT NULL,
    streets INTEGER NOT NULL,
    draws BLOB NOT NULL,
    exposure BLOB NOT NULL,
    fingerprint INTEGER NOT NULL
) STRICT;

CREATE TABLE failure (
    activity_id INTEGER PRIMARY KEY REFERENCES activity (activity_id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('no_roads', 'failed')),
    message TEXT NOT NULL
) STRICT;

CREATE TABLE segment (
    segment_id INTEGER PRIMARY KEY,
    way_id INTEGER NOT NULL,
    digest TEXT NOT NULL,
    name TEXT NOT NULL,
    highway TEXT NOT NULL,
    length_m REAL NOT NULL,
    points INTEGER NOT NULL,
    line BLOB NOT NULL,
    junctions BLOB NOT NULL,
    fingerprint INTEGER NOT NULL,
    UNIQUE (way_id, digest)
) STRICT;

CREATE TABLE traversal (
    activity_id INTEGER NOT NULL REFERENCES result (activity_id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    segment_id INTEGER NOT NULL REFERENCES segment (segment_id),
    started_at_ms INTEGER,
    direction INTEGER NOT NULL CHECK (direction IN (-1, 1)),
    from_m REAL NOT NULL,
    to_m REAL NOT NULL,
    length_m REAL NOT NULL,
    probability REAL NOT NULL,
    PRIMARY KEY (activity_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX traversal_segment ON traversal (segment_id, started_at_ms);
CREATE INDEX traversal_time ON traversal (started_at_ms, segment_id, length_m);

CREATE TABLE street (
    activity_id INTEGER NOT NULL REFERENCES result (activity_id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    day TEXT,
    slope_source TEXT NOT NULL,
    distance_m REAL NOT NULL,
    left_low_m REAL NOT NULL,
    right_low_m REAL NOT NULL,
    level_m REAL NOT NULL,
    net_tilt_pct_km REAL NOT NULL,
    PRIMARY KEY (activity_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX street_name ON street (name, day);

CREATE TABLE zone (
    zone_id INTEGER PRIMARY KEY,
    source TEXT NOT NULL CHECK (source IN ('strava', 'hand')),
    name TEXT NOT NULL,
    latitude_deg REAL NOT NULL,
    longitude_deg REAL NOT NULL,
    radius_m REAL NOT NULL,
    cut_latitude_deg REAL NOT NULL,
    cut_longitude_deg REAL NOT NULL,
    cut_radius_m REAL NOT NULL,
    UNIQUE (source, latitude_deg, longitude_deg, radius_m)
) STRICT;

CREATE TABLE preference (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
