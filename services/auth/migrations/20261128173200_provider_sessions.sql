-- Access tokens of a provider that come through the gateway (A-10): those of one identity share a session, so that ending it
-- ends them.
create table provider_sessions (
    provider   text not null,
    subject    text not null,
    session_id uuid not null references sessions (id) on delete cascade,
    -- The end of the session before: tokens from until then are refused.
    not_before timestamptz,
    primary key (provider, subject)
);
create index provider_sessions_session on provider_sessions (session_id);
