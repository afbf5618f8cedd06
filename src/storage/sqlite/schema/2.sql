-- Format 2: a pod whose owner leaves is closed before it is removed.

ALTER TABLE pods ADD COLUMN closed INTEGER NOT NULL DEFAULT 0; -- 1: it is shown to nobody and takes no change
