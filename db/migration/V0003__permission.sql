-- Rules, and the groups that give the same rules to many credentials.
create table credential_group (
  tenant_id  uuid        not null,
  id         uuid        not null,
  name       text        not null,
  created_at timestamptz not null default now(),
  constraint credential_group_pk primary key (tenant_id, id),
  constraint credential_group_name_key unique (tenant_id, name),
  constraint credential_group_tenant_fk foreign key (tenant_id) references tenant (id) on delete cascade
);

create table credential_group_member (
  tenant_id     uuid not null,
  credential_id uuid not null,
  group_id      uuid not null,
  constraint credential_group_member_pk primary key (tenant_id, credential_id, group_id),
  constraint credential_group_member_credential_fk foreign key (tenant_id, credential_id)
    references credential (tenant_id, id) on delete cascade,
  constraint credential_group_member_group_fk foreign key (tenant_id, group_id)
    references credential_group (tenant_id, id) on delete cascade
);

create index credential_group_member_group on credential_group_member (tenant_id, group_id);

create table permission (
  tenant_id      uuid        not null,
  id             uuid        not null,
  credential_id  uuid,
  group_id       uuid,
  effect         text        not null,
  action         text        not null,
  topic_filter   text        not null,
  max_qos        smallint    not null default 2,
  retain_allowed boolean     not null default true,
  created_at     timestamptz not null default now(),
  constraint permission_pk primary key (tenant_id, id),
  constraint permission_holder check ((credential_id is null) <> (group_id is null)),
  constraint permission_effect_known check (effect in ('ALLOW', 'DENY')),
  constraint permission_action_known check (action in ('PUBLISH', 'SUBSCRIBE', 'ALL')),
  constraint permission_qos_known check (max_qos between 0 and 2),
  constraint permission_topic_filter_present check (topic_filter <> ''),
  constraint permission_credential_fk foreign key (tenant_id, credential_id)
    references credential (tenant_id, id) on delete cascade,
  constraint permission_group_fk foreign key (tenant_id, group_id)
    references credential_group (tenant_id, id) on delete cascade
);

create index permission_credential on permission (tenant_id, credential_id);
create index permission_group on permission (tenant_id, group_id);
