-- Sign-in through other identity providers (A-10).

-- Providers that workspaces bring along. Those of the whole installation stand in the configuration.
create table oidc_providers (
    id                   uuid        primary key,
    workspace_id         uuid        not null,
    kind                 text        not null check (kind in ('keycloak', 'google', 'github', 'oidc')),
    name                 text        not null,
    issuer               text        not null,
    client_id            text        not null,
    sealed_client_secret bytea       not null,
    scopes               text[]      not null,
    allowed_domains      text[]      not null,
    jit                  boolean     not null,
    -- Only an administrator of the installation sets these: the provider speaks for accounts beyond its workspace.
    trusts_email         boolean     not null,
    link_by_address      boolean     not null,
    trust_mfa            boolean     not null,
    mfa_acr              text[]      not null,
    created_at           timestamptz not null,
    updated_at           timestamptz not null
);
create index oidc_providers_workspace on oidc_providers (workspace_id, created_at);

-- Who somebody is at a provider. `provider` is a name of the configuration or the id of a row above: the same subject at
-- two providers is two people until both are linked to one account.
create table identities (
    provider     text        not null,
    subject      text        not null,
    user_id      uuid        not null references users (id) on delete cascade,
    linked_at    timestamptz not null,
    last_used_at timestamptz,
    primary key (provider, subject),
    constraint identities_user_provider_unique unique (user_id, provider)
);

-- Sign-ins that are at a provider. A row is taken by the one answer that ends it.
create table oidc_flows (
    state_hash      bytea       primary key,
    -- The hash of the cookie in the browser that began it.
    browser_hash    bytea       not null,
    provider        text        not null,
    return_to       text        not null,
    -- Answer with JSON instead of sending the browser on.
    json            boolean     not null,
    -- For linking: whose account, and the session that asked for it.
    link_user_id    uuid        references users (id) on delete cascade,
    link_session_id uuid        references sessions (id) on delete cascade,
    expires_at      timestamptz not null,
    check ((link_user_id is null) = (link_session_id is null))
);
create index oidc_flows_expires_at on oidc_flows (expires_at);
create index oidc_flows_link_user on oidc_flows (link_user_id) where link_user_id is not null;
create index oidc_flows_link_session on oidc_flows (link_session_id) where link_session_id is not null;

-- What a browser exchanges for tokens after it was sent back, so that no token stands in a URL.
create table oidc_codes (
    code_hash     bytea       primary key,
    browser_hash  bytea       not null,
    user_id       uuid        not null references users (id) on delete cascade,
    -- Whether two factors were proven at the provider, and it is believed in that.
    second_factor boolean     not null,
    expires_at    timestamptz not null
);
create index oidc_codes_expires_at on oidc_codes (expires_at);
create index oidc_codes_user on oidc_codes (user_id);
