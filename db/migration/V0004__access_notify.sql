-- Whoever changes access, a service or a person with psql, tells every node with the same commit. Payloads on channel
-- dunlin_access:
--   <tenant> <credential>   one credential
--   <tenant>                the whole tenant
--   <tenant> /<slug>        the tenant itself
--   *                       a plan, so any tenant
-- A login of a person (a live token) counts as the credential that has the account's id.

create function notify_access() returns trigger language plpgsql as $$
begin
  -- Of a change to many rows only the tenant is named: reading it once is less work than many times a part of it
  execute format(
    'select pg_notify(''dunlin_access'', tenant_id::text || coalesce('' '' || credential::text, '''')) from ('
    || ' select distinct tenant_id, case when (select count(*) from changed) <= 50 then %s end as credential'
    || ' from changed) as touched',
    tg_argv[0]);
  return null;
end $$;

create function notify_tenant() returns trigger language plpgsql as $$
begin
  perform pg_notify('dunlin_access', id::text || ' /' || slug) from changed;
  return null;
end $$;

create function notify_everything() returns trigger language plpgsql as $$
begin
  perform pg_notify('dunlin_access', '*');
  return null;
end $$;

create trigger credential_inserted after insert on credential referencing new table as changed
  for each statement execute function notify_access('id');
create trigger credential_updated after update on credential referencing new table as changed
  for each statement execute function notify_access('id');
create trigger credential_deleted after delete on credential referencing old table as changed
  for each statement execute function notify_access('id');

create trigger credential_secret_inserted after insert on credential_secret referencing new table as changed
  for each statement execute function notify_access('credential_id');
create trigger credential_secret_updated after update on credential_secret referencing new table as changed
  for each statement execute function notify_access('credential_id');
create trigger credential_secret_deleted after delete on credential_secret referencing old table as changed
  for each statement execute function notify_access('credential_id');

create trigger credential_group_member_inserted after insert on credential_group_member referencing new table as changed
  for each statement execute function notify_access('credential_id');
create trigger credential_group_member_updated after update on credential_group_member referencing new table as changed
  for each statement execute function notify_access('credential_id');
create trigger credential_group_member_deleted after delete on credential_group_member referencing old table as changed
  for each statement execute function notify_access('credential_id');

-- The credential of a group's rule is null, so the whole tenant is named
create trigger permission_inserted after insert on permission referencing new table as changed
  for each statement execute function notify_access('credential_id');
create trigger permission_updated after update on permission referencing new table as changed
  for each statement execute function notify_access('credential_id');
create trigger permission_deleted after delete on permission referencing old table as changed
  for each statement execute function notify_access('credential_id');

create trigger membership_updated after update on membership referencing new table as changed
  for each statement execute function notify_access('account_id');
create trigger membership_deleted after delete on membership referencing old table as changed
  for each statement execute function notify_access('account_id');

create trigger tenant_inserted after insert on tenant referencing new table as changed
  for each statement execute function notify_tenant();
create trigger tenant_updated after update on tenant referencing new table as changed
  for each statement execute function notify_tenant();
create trigger tenant_deleted after delete on tenant referencing old table as changed
  for each statement execute function notify_tenant();

create trigger plan_changed after insert or update or delete on plan
  for each statement execute function notify_everything();
