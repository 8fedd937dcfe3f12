package dev.dunlin.messagestore;

import dev.dunlin.engine.port.TenantId;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads rows of a tenant's journal by their numbers. */
interface JournalRows {
    /** @return the bytes of those that are there */
    Map<Long, byte[]> read(TenantId tenant, List<Long> ids) throws SQLException;

    /** As {@link #read}, from the database. */
    static Map<Long, byte[]> read(Connection connection, TenantId tenant, List<Long> ids) throws SQLException {
        try (var statement = connection.prepareStatement(
                "select id, entries from mqtt_journal where tenant_id = ? and id = any (?)")) {
            statement.setObject(1, tenant.value());
            statement.setArray(2, connection.createArrayOf("int8", ids.toArray()));
            var rows = new HashMap<Long, byte[]>();
            try (var result = statement.executeQuery()) {
                while (result.next()) {
                    rows.put(result.getLong(1), result.getBytes(2));
                }
            }
            return rows;
        }
    }
}
