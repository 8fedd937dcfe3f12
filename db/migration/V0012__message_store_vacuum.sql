-- The tables of queues are filled and emptied all the time: they are vacuumed by the number of rows that died, not by a share
-- of what is there, and without pausing, or they and their indexes grow faster than they are cleaned. Their ends are not cut
-- off, which would lock them against writers; the room is used again.
alter table mqtt_message set (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 500000,
  autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
alter table mqtt_queue set (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 500000,
  autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
alter table mqtt_received set (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 500000,
  autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
alter table mqtt_retained set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
alter table mqtt_session set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
alter table mqtt_subscription set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);

-- Payloads are stored as they came: compressing them costs more than it saves, and many are compressed or encrypted already
alter table mqtt_message alter column payload set storage external;
alter table mqtt_retained alter column payload set storage external;
