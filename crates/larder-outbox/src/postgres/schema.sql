CREATE TABLE IF NOT EXISTS larder_outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    app TEXT NOT NULL,
    -- What the fleet has to be told.
    touched TEXT NOT NULL,
    written_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    due_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- Milliseconds after which it is told once more.
    again_after BIGINT,
    -- When it was told first, if it is to be told once more.
    told_at TIMESTAMPTZ,
    -- Why it cannot be told.
    set_aside TEXT
);
CREATE INDEX IF NOT EXISTS larder_outbox_due ON larder_outbox (app, due_at, id) WHERE set_aside IS NULL;
