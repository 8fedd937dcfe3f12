-- What was refused in a tenant. Repetitions are one row: fold_key is a digest of what makes two incidents the same, since a
-- topic may be longer than an index entry.
create table incident (
  tenant_id      uuid        not null,
  id             bigint      generated always as identity,
  fold_key       bytea       not null,
  kind           text        not null,
  reason         text        not null,
  credential     text,
  client_id      text,
  remote_address text,
  topic          text,
  decided_by     text,
  count          bigint      not null,
  first_at       timestamptz not null,
  last_at        timestamptz not null,
  constraint incident_pk primary key (tenant_id, id),
  constraint incident_fold_key unique (tenant_id, fold_key),
  constraint incident_tenant_fk foreign key (tenant_id) references tenant (id) on delete cascade
);

create index incident_latest on incident (tenant_id, last_at desc, id desc);
-- Old ones are removed across tenants
create index incident_age on incident (last_at);
