-- What SCRAM-SHA-256 (RFC 5802, RFC 7677) needs to check a secret without seeing it. It can be made only where the secret is
-- at hand, so secrets from before have none until they are rotated.
alter table credential_secret
  add column scram_salt       bytea,
  add column scram_iterations integer,
  add column scram_stored_key bytea,
  add column scram_server_key bytea,
  add constraint credential_secret_scram_whole check (
    num_nulls(scram_salt, scram_iterations, scram_stored_key, scram_server_key) in (0, 4));
