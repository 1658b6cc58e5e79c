-- When the first factor was proven (A-6): a provider's access token is as old as the sign-in there, and a second factor does not
-- make it younger. Null: in this sign-in.
alter table mfa_tickets add column authenticated_at timestamptz;
