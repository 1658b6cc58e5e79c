-- Passkeys (WebAuthn credentials).
create table passkeys (
    id              uuid        primary key,
    user_id         uuid        not null references users (id) on delete cascade,
    -- Chosen by the authenticator, up to 1023 bytes (WebAuthn level 3, section 4).
    credential_id   bytea       not null constraint passkeys_credential_unique unique
                                check (length(credential_id) between 1 and 1023),
    -- The COSE key, as JSON. Public: nobody signs in with it.
    public_key      jsonb       not null,
    -- The signature counter. Authenticators that synchronise their keys leave it at 0.
    sign_count      bigint      not null check (sign_count >= 0),
    name            text        not null,
    -- How the browser says the authenticator is reached, for the next time it is asked for.
    transports      text[]      not null,
    -- Whether the authenticator checked at registration who holds it (PIN, finger, face). If so, it must do so for ever.
    user_verified   boolean     not null,
    -- Whether the authenticator finds the key without being told its id; null when the browser did not say.
    discoverable    boolean,
    backup_eligible boolean     not null,
    backed_up       boolean     not null,
    created_at      timestamptz not null,
    last_used_at    timestamptz
);
create index passkeys_user on passkeys (user_id, created_at);
