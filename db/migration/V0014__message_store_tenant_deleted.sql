-- A tenant that is deleted leaves its queues behind, which may be long: they are removed in batches afterwards, and whoever
-- deletes it does not wait.
create table mqtt_tenant_deleted (
  tenant_id  uuid        not null,
  deleted_at timestamptz not null default now(),
  constraint mqtt_tenant_deleted_pk primary key (tenant_id)
);

create function note_deleted_tenants() returns trigger language plpgsql as $$
begin
  insert into mqtt_tenant_deleted (tenant_id) select id from deleted on conflict do nothing;
  return null;
end $$;

create trigger tenant_deleted_mqtt after delete on tenant referencing old table as deleted
  for each statement execute function note_deleted_tenants();
