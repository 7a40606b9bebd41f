-- Batches with lines. See 1.sql for the units.

-- Paused: nothing is sent. Cancelled: nothing is sent, and nothing is retried.
ALTER TABLE batch ADD COLUMN state TEXT NOT NULL DEFAULT 'ready'
    CHECK (state IN ('ready', 'paused', 'cancelled'));
-- The number of lines that were added completely. A job of a later line is the rest of an addition
-- that did not end.
ALTER TABLE batch ADD COLUMN lines BIGINT NOT NULL DEFAULT 0;
-- The run that adds lines right now.
ALTER TABLE batch ADD COLUMN adder TEXT;
-- How often a job that failed is paid for again.
ALTER TABLE batch ADD COLUMN max_retries BIGINT NOT NULL DEFAULT 0;

ALTER TABLE job ADD COLUMN line BIGINT;
-- The retries before this one.
ALTER TABLE job ADD COLUMN retries BIGINT NOT NULL DEFAULT 0;
-- 1 if another job resubmits it.
ALTER TABLE job ADD COLUMN superseded BIGINT NOT NULL DEFAULT 0;
UPDATE job SET superseded = 1
    WHERE id IN (SELECT resubmits FROM job WHERE resubmits IS NOT NULL);

DROP INDEX job_by_batch;
CREATE INDEX job_by_batch ON job (batch, superseded, state, line);
CREATE UNIQUE INDEX job_by_line ON job (batch, line) WHERE superseded = 0 AND line IS NOT NULL;
CREATE UNIQUE INDEX job_by_resubmits ON job (resubmits) WHERE resubmits IS NOT NULL;

-- Between these two times, in microseconds since 1970, nothing is submitted: the server asked for
-- it.
INSERT INTO "limit" (name, setting, used) VALUES ('retry_after', NULL, 0);
