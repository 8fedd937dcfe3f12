-- What a tenant's devices log in with.
create table credential (
  tenant_id  uuid        not null,
  id         uuid        not null,
  name       text        not null,
  enabled    boolean     not null default true,
  client_id  text,                 -- the only Client Identifier that may use it; null: any
  expires_at timestamptz,
  generation integer     not null default 1, -- grows when whoever is connected has to log in again
  created_at timestamptz not null default now(),
  constraint credential_pk primary key (tenant_id, id),
  constraint credential_name_key unique (tenant_id, name),
  constraint credential_name_form check (name ~ '^[A-Za-z0-9_-]{1,64}$'),
  constraint credential_tenant_fk foreign key (tenant_id) references tenant (id) on delete cascade
);

-- One or two live secrets of a credential. Only a hash is kept: a keyed one of what we generated, Argon2id of what a person
-- has chosen.
create table credential_secret (
  tenant_id     uuid        not null,
  credential_id uuid        not null,
  id            uuid        not null,
  method        text        not null,
  hash          text        not null,
  expires_at    timestamptz,
  created_at    timestamptz not null default now(),
  constraint credential_secret_pk primary key (tenant_id, credential_id, id),
  constraint credential_secret_credential_fk foreign key (tenant_id, credential_id)
    references credential (tenant_id, id) on delete cascade,
  constraint credential_secret_method_known check (method in ('hmac-sha256', 'argon2id'))
);

-- Apart from the credential, since it changes with every connection and is no change to access.
create table credential_seen (
  tenant_id     uuid        not null,
  credential_id uuid        not null,
  last_seen_at  timestamptz not null,
  constraint credential_seen_pk primary key (tenant_id, credential_id),
  constraint credential_seen_credential_fk foreign key (tenant_id, credential_id)
    references credential (tenant_id, id) on delete cascade
);
