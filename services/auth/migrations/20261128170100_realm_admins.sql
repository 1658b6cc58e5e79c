-- A change of realm roles looks at every realm admin: there must always be one.
create index users_realm_admins on users (id) where 'admin' = any (realm_roles);
