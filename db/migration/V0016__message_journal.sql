-- Queued messages, and where they stand in which queue, as a journal: what a tenant's changes of one commit come to is one row,
-- so that what a message costs is little more than its bytes. A row goes when nothing in it counts any more.
create table mqtt_journal (
  id         bigint not null, -- grows; rows are read in its order
  expires_at timestamptz, -- when nothing in it counts any more, whatever happens
  tenant_id  uuid   not null,
  entries    bytea  not null, -- see SegmentBytes
  constraint mqtt_journal_pk primary key (tenant_id, id)
);

-- What expired long ago is looked for across tenants
create index mqtt_journal_expiry on mqtt_journal (expires_at) where expires_at is not null;

-- As they came: compressing them costs more than it saves, and many are compressed or encrypted already
alter table mqtt_journal alter column entries set storage external;

-- Rows of up to a page stay in it. Filled and emptied all the time: see V0012
alter table mqtt_journal set (
  toast_tuple_target = 8160,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000,
  autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 50000,
  toast.autovacuum_vacuum_insert_scale_factor = 0, toast.autovacuum_vacuum_insert_threshold = 1000000,
  toast.autovacuum_vacuum_cost_delay = 0, toast.vacuum_truncate = false);

-- What is queued already, a message with its places in a row
insert into mqtt_journal (tenant_id, id, expires_at, entries)
select m.tenant_id, m.id, m.expires_at,
  '\x0101'::bytea || int8send(m.id)
    || set_byte('\x00', 0, m.qos + case when m.retain then 4 else 0 end
      + case when m.expiry_seconds is null then 0 else 8 end + case when m.expires_at is null then 0 else 16 end)
    || case when m.expiry_seconds is null then '' else int8send(m.expiry_seconds) end
    || case when m.expires_at is null then ''
      else int8send((extract(epoch from m.expires_at) * 1000000)::bigint) end
    || int4send(length(convert_to(m.topic, 'UTF8'))) || convert_to(m.topic, 'UTF8')
    || int4send(length(coalesce(m.properties, ''))) || coalesce(m.properties, '')
    || int4send(length(m.payload)) || m.payload
    || string_agg(
      '\x02'::bytea || int8send(q.session_id) || int8send(q.position) || int8send(q.message_id)
        || set_byte('\x00', 0, q.qos + case when q.retain then 4 else 0 end + case when q.received then 8 else 0 end
          + case when q.subscription_ids is null then 0 else 16 end + case when q.shared is null then 0 else 32 end)
        || case when q.subscription_ids is null then '' else int4send(cardinality(q.subscription_ids))
          || (select string_agg(int4send(s.id), '' order by s.number)
            from unnest(q.subscription_ids) with ordinality as s (id, number)) end
        || case when q.shared is null then ''
          else int4send(length(convert_to(q.shared, 'UTF8'))) || convert_to(q.shared, 'UTF8') end,
      '' order by q.session_id, q.position)
from mqtt_message m join mqtt_queue q on q.tenant_id = m.tenant_id and q.message_id = m.id
group by m.tenant_id, m.id;

-- At once and not in a later release: a node of the release before that went on would queue where nobody looks
drop table mqtt_queue;
drop table mqtt_message;
