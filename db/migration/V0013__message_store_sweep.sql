-- What expired long ago is looked for across tenants. Only messages that expire are in these indexes.
create index mqtt_message_expiry on mqtt_message (expires_at) where expires_at is not null;
create index mqtt_retained_expiry on mqtt_retained (expires_at) where expires_at is not null;
