-- The certificates with which a device may log in instead of with a secret. Certificates are public, so anybody can enter
-- one here that is another's: a fingerprint says nothing until the log-in has named the tenant, and tenants may have equal ones.
create table credential_certificate (
  tenant_id     uuid        not null,
  fingerprint   text        not null, -- SHA-256 of the DER form
  credential_id uuid        not null,
  subject       text        not null,
  not_before    timestamptz not null,
  not_after     timestamptz not null,
  created_at    timestamptz not null default now(),
  constraint credential_certificate_pk primary key (tenant_id, fingerprint),
  constraint credential_certificate_fingerprint_form check (fingerprint ~ '^[0-9a-f]{64}$'),
  constraint credential_certificate_credential_fk foreign key (tenant_id, credential_id)
    references credential (tenant_id, id) on delete cascade
);

create index credential_certificate_credential on credential_certificate (tenant_id, credential_id);
-- For a log-in without a user name, which looks across tenants
create index credential_certificate_fingerprint on credential_certificate (fingerprint);

create trigger credential_certificate_inserted after insert on credential_certificate referencing new table as changed
  for each statement execute function notify_access('credential_id');
create trigger credential_certificate_updated after update on credential_certificate referencing new table as changed
  for each statement execute function notify_access('credential_id');
create trigger credential_certificate_deleted after delete on credential_certificate referencing old table as changed
  for each statement execute function notify_access('credential_id');
