-- Keys of this installation, shared by its nodes: for keyed hashes and for the signature of live tokens.
create table server_key (
  name       text        not null,
  key        bytea       not null,
  created_at timestamptz not null default now(),
  constraint server_key_pk primary key (name)
);
