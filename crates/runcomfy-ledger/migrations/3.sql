-- Batches that move to another ledger, and the processes that run them. See 1.sql for the units.

-- The name of the ledger that has the batch now. Its jobs are there, and nothing of it runs here.
ALTER TABLE batch ADD COLUMN moved_to TEXT;
-- 1 while it comes from another ledger, which has it until every job is here.
ALTER TABLE batch ADD COLUMN arriving BIGINT NOT NULL DEFAULT 0;
-- The run that moves it right now.
ALTER TABLE batch ADD COLUMN mover TEXT;

CREATE TABLE batch_run (
    run TEXT PRIMARY KEY,
    batch TEXT NOT NULL REFERENCES batch (id),
    -- For people: the process and its machine.
    process TEXT NOT NULL,
    since BIGINT NOT NULL
);
