-- Workspaces, as far as this service must know them: whether they are closed to sessions that were not proven by a second
-- factor. A workspace without a row is not.
create table workspaces (
    workspace_id uuid    primary key,
    require_mfa  boolean not null,
    version      bigint  not null
);
