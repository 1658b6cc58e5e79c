-- Committed together with the effect, so that a request whose process died behind its commit is not done again.
alter table idempotency_keys add column done boolean not null default false;
