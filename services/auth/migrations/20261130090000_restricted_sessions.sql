-- Whether the session's newest tokens are good for nothing but enrolling a second factor: told once, when it begins.
alter table sessions add column restricted boolean not null default false;
