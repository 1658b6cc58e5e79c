-- One role and one database for each service that uses Postgres, so that none can read another's tables.
-- Runs once, when the volume is empty. Development only: production makes these with its own passwords.

CREATE ROLE colink_auth LOGIN PASSWORD 'colink';
CREATE DATABASE colink_auth OWNER colink_auth;
REVOKE CONNECT ON DATABASE colink_auth FROM PUBLIC;

CREATE ROLE colink_channels LOGIN PASSWORD 'colink';
CREATE DATABASE colink_channels OWNER colink_channels;
REVOKE CONNECT ON DATABASE colink_channels FROM PUBLIC;

CREATE ROLE colink_messaging LOGIN PASSWORD 'colink';
CREATE DATABASE colink_messaging OWNER colink_messaging;
REVOKE CONNECT ON DATABASE colink_messaging FROM PUBLIC;

CREATE ROLE colink_search LOGIN PASSWORD 'colink';
CREATE DATABASE colink_search OWNER colink_search;
REVOKE CONNECT ON DATABASE colink_search FROM PUBLIC;
