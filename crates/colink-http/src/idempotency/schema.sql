-- Requests that carry an Idempotency-Key, and their answers (expire after 24 h; a job purges them).
CREATE TABLE idempotency_keys (
    caller        text        NOT NULL,
    key           text        NOT NULL,
    fingerprint   bytea       NOT NULL,
    claim         uuid        NOT NULL,
    claimed_until timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    -- Committed together with the effect.
    done          boolean     NOT NULL DEFAULT false,
    -- The answer; null while the request runs.
    status        smallint,
    headers       jsonb,
    body          bytea,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_expires_at ON idempotency_keys (expires_at);
