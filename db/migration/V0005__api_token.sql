-- What scripts of a tenant call the REST API with. Only a keyed hash is kept, by which a token is found.
create table api_token (
  tenant_id  uuid        not null,
  id         uuid        not null,
  name       text        not null,
  hash       text        not null,
  role       text        not null,
  created_at timestamptz not null default now(),
  constraint api_token_pk primary key (tenant_id, id),
  constraint api_token_name_key unique (tenant_id, name),
  constraint api_token_hash_key unique (hash),
  constraint api_token_role_known check (role in ('VIEWER', 'OPERATOR', 'ADMIN', 'OWNER')),
  constraint api_token_tenant_fk foreign key (tenant_id) references tenant (id) on delete cascade
);
