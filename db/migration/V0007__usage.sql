-- What each credential has sent and received, by the minute. Outlives the credential, not the tenant.
create table usage_minute (
  tenant_id     uuid        not null,
  credential_id uuid        not null,
  minute        timestamptz not null,
  messages_in   bigint      not null,
  bytes_in      bigint      not null,
  messages_out  bigint      not null,
  bytes_out     bigint      not null,
  refused       bigint      not null,
  constraint usage_minute_pk primary key (tenant_id, minute, credential_id),
  constraint usage_minute_tenant_fk foreign key (tenant_id) references tenant (id) on delete cascade
);
