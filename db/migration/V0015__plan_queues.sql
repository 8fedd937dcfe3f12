-- What may wait for all clients of a tenant together, in memory and in the store, and what is dropped once a queue is full.
alter table plan
  add column queued_bytes bigint,
  add column when_queue_full text not null default 'drop_newest',
  add constraint plan_queues_workable check (queued_bytes >= 1),
  add constraint plan_when_queue_full_known check (when_queue_full in ('drop_newest', 'drop_oldest'));

update plan set queued_bytes = 33554432 where name = 'free';
update plan set queued_bytes = 536870912 where name = 'team';
