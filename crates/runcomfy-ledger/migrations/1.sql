-- Times are milliseconds since 1970, money is micro-dollars, JSON is text.
-- Every statement means the same to SQLite and to PostgreSQL.

CREATE TABLE batch (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE job (
    id TEXT PRIMARY KEY,
    batch TEXT REFERENCES batch (id),
    -- The job that this one repeats, after a person decided so.
    resubmits TEXT REFERENCES job (id),
    model TEXT NOT NULL,
    -- As given, with the path of each local file in its place.
    input TEXT NOT NULL,
    -- [{"at": JSON pointer, "path", "bytes", "sha256"}]
    files TEXT NOT NULL,
    -- SHA-256 of the model, the canonical input and the files.
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intended', 'sending', 'accepted', 'succeeded', 'failed',
        'cancelled', 'refused', 'unknown', 'given_up', 'delivered')),
    -- The run of the step that sends it.
    owner TEXT CHECK ((owner IS NOT NULL) = (state = 'sending')),
    request_id TEXT UNIQUE,
    attempts BIGINT NOT NULL,
    -- 1 if it may be paid for although the same input was.
    again BIGINT NOT NULL,
    price TEXT NOT NULL CHECK (price IN ('known', 'unknown', 'unknown_allowed')),
    estimate BIGINT,
    ceiling BIGINT,
    expires_at BIGINT,
    -- The day, since 1970 in UTC, on which it was sent: its money counts there.
    day BIGINT,
    cost BIGINT,
    result TEXT,
    error TEXT,
    outputs TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    accepted_at BIGINT,
    ended_at BIGINT,
    delivered_at BIGINT,
    CHECK (request_id IS NOT NULL OR state NOT IN ('accepted', 'succeeded', 'failed', 'delivered'))
);

CREATE INDEX job_by_state ON job (state, created_at);
CREATE INDEX job_by_time ON job (created_at);
CREATE INDEX job_by_fingerprint ON job (fingerprint);
CREATE INDEX job_by_batch ON job (batch);

-- `setting` is NULL if there is no such limit.
CREATE TABLE "limit" (
    name TEXT PRIMARY KEY,
    setting BIGINT,
    -- jobs_in_flight: the number of jobs in flight.
    -- submits_per_second: when the next submit may begin, in microseconds since 1970.
    used BIGINT NOT NULL
);

INSERT INTO "limit" (name, setting, used) VALUES
    ('jobs_in_flight', NULL, 0),
    -- In submits per 1,000 seconds.
    ('submits_per_second', NULL, 0),
    ('budget_per_day', NULL, 0),
    ('max_cost_per_job', NULL, 0);

CREATE TABLE spend (
    day BIGINT NOT NULL,
    model TEXT NOT NULL,
    -- Empty for jobs without a batch.
    batch TEXT NOT NULL,
    -- Jobs that were, or may have been, accepted.
    jobs BIGINT NOT NULL,
    -- Known costs.
    spent BIGINT NOT NULL,
    -- Estimates of jobs whose cost is not known yet.
    reserved BIGINT NOT NULL,
    -- Jobs with neither.
    unpriced BIGINT NOT NULL,
    -- Of jobs that were pruned since.
    pruned_jobs BIGINT NOT NULL DEFAULT 0,
    pruned_spent BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (day, model, batch)
);
