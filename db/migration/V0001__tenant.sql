-- Who is who: people, the limits they may have, workspaces, and who belongs to which.
create table account (
  id            uuid        not null,
  email         text        not null, -- trimmed, in lower case
  password_hash text        not null,
  created_at    timestamptz not null default now(),
  constraint account_pk primary key (id),
  constraint account_email_key unique (email),
  constraint account_email_normal check (email = lower(trim(email)) and email <> '')
);

-- A limit that is null is no limit.
create table plan (
  name                        text   not null,
  connections                 bigint,
  sessions                    bigint,
  publish_per_second          bigint,
  packet_bytes                bigint,
  subscriptions_per_session   bigint,
  queued_messages_per_session bigint,
  queued_bytes_per_session    bigint,
  retained_messages           bigint,
  retained_bytes              bigint,
  constraint plan_pk primary key (name),
  constraint plan_limits_workable check (
    connections >= 0 and sessions >= 0 and publish_per_second >= 1 and packet_bytes >= 64
    and subscriptions_per_session >= 0 and queued_messages_per_session >= 1 and queued_bytes_per_session >= 1
    and retained_messages >= 0 and retained_bytes >= 0
  )
);

insert into plan values
  ('free', 100, 200, 1000, 262144, 100, 1000, 4194304, 1000, 16777216),
  ('team', 5000, 10000, 50000, 1048576, 1000, 10000, 67108864, 50000, 838860800),
  ('unlimited', null, null, null, null, null, null, null, null, null);

create table tenant (
  id         uuid        not null,
  slug       text        not null,
  name       text        not null,
  plan_name  text        not null,
  suspended  boolean     not null default false,
  created_at timestamptz not null default now(),
  constraint tenant_pk primary key (id),
  constraint tenant_slug_key unique (slug),
  constraint tenant_slug_form check (slug ~ '^[a-z0-9-]{3,32}$'),
  constraint tenant_plan_fk foreign key (plan_name) references plan (name)
);

create table membership (
  tenant_id  uuid        not null,
  account_id uuid        not null,
  role       text        not null,
  created_at timestamptz not null default now(),
  constraint membership_pk primary key (tenant_id, account_id),
  constraint membership_tenant_fk foreign key (tenant_id) references tenant (id) on delete cascade,
  constraint membership_account_fk foreign key (account_id) references account (id) on delete cascade,
  constraint membership_role_known check (role in ('VIEWER', 'OPERATOR', 'ADMIN', 'OWNER'))
);

-- The workspaces of a person: the one look-up that does not begin with a tenant.
create index membership_account on membership (account_id);
