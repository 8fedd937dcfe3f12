-- What MQTT has to keep across a crash: sessions that outlive their connections, with subscriptions, queues and packet
-- identifiers, and retained messages. Rows of the queue come and go with every message, so there are no foreign keys among
-- these tables and no index but what finds a row; what dangles is removed when its tenant is read.
create sequence mqtt_epoch maxvalue 8388607; -- one value a start of a node: the upper 23 bits of the numbers it gives out

create table mqtt_session (
  id                  bigint      not null,
  since               timestamptz not null, -- when its client came or went
  expiry_seconds      bigint      not null,
  tenant_id           uuid        not null,
  credential_id       uuid        not null,
  connected           boolean     not null, -- as far as the node knew that wrote it
  client_id           text        not null,
  will_topic          text,
  will_payload        bytea,
  will_properties     bytea,
  will_qos            smallint,
  will_retain         boolean,
  will_expiry_seconds bigint,
  will_delay_seconds  bigint,
  constraint mqtt_session_pk primary key (tenant_id, id),
  constraint mqtt_session_will_whole check (
    num_nulls(will_topic, will_payload, will_properties, will_qos, will_retain, will_expiry_seconds, will_delay_seconds)
      in (0, 7))
) with (fillfactor = 80); -- rewritten when its client comes and goes

-- Wills that are due are looked for across tenants
create index mqtt_session_will on mqtt_session (tenant_id) where will_topic is not null;

-- The key is a digest, since a filter may be longer than an index entry.
create table mqtt_subscription (
  session_id          bigint   not null,
  tenant_id           uuid     not null,
  subscription_id     integer  not null, -- 0 if there is none
  qos                 smallint not null,
  no_local            boolean  not null,
  retain_as_published boolean  not null,
  filter_key          bytea    not null,
  filter              text     not null,
  constraint mqtt_subscription_pk primary key (tenant_id, session_id, filter_key)
);

-- A message that some session queues, once however many do.
create table mqtt_message (
  id             bigint   not null,
  expires_at     timestamptz,
  expiry_seconds bigint, -- as it came
  tenant_id      uuid     not null,
  qos            smallint not null,
  retain         boolean  not null,
  topic          text     not null,
  properties     bytea,
  payload        bytea    not null,
  constraint mqtt_message_pk primary key (tenant_id, id)
);

-- Where a message stands in the queue of a session, which is also what is in flight to its client.
create table mqtt_queue (
  session_id       bigint   not null,
  position         bigint   not null,
  message_id       bigint   not null,
  tenant_id        uuid     not null,
  qos              smallint not null,
  retain           boolean  not null,
  received         boolean  not null, -- its PUBREC has come
  subscription_ids integer[],
  shared           text,
  constraint mqtt_queue_pk primary key (tenant_id, session_id, position)
);

-- Packet identifiers of QoS 2 messages that their publishers have not released.
create table mqtt_received (
  session_id bigint  not null,
  tenant_id  uuid    not null,
  packet_id  integer not null,
  constraint mqtt_received_pk primary key (tenant_id, session_id, packet_id)
);

-- The key is a digest, since a topic may be longer than an index entry.
create table mqtt_retained (
  expires_at     timestamptz,
  expiry_seconds bigint, -- as it came
  tenant_id      uuid     not null,
  qos            smallint not null,
  topic_key      bytea    not null,
  client_id      text     not null,
  topic          text     not null,
  properties     bytea,
  payload        bytea    not null,
  constraint mqtt_retained_pk primary key (tenant_id, topic_key)
) with (fillfactor = 80); -- rewritten with every value
