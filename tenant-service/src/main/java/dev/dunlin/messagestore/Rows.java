package dev.dunlin.messagestore;

import dev.dunlin.engine.port.TenantId;
import java.lang.reflect.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one statement, which takes them as one array a column. The first parameter of its SQL are the tenants, each
 * once; the first column of a row is the tenant's place among them.
 */
final class Rows {
    /** A type of PostgreSQL and what carries it. */
    enum Column {
        INT("int4", Integer.class),
        LONG("int8", Long.class),
        SHORT("int2", Short.class),
        FLAG("bool", Boolean.class),
        TEXT("text", String.class),
        BYTES("bytea", byte[].class);

        private final String type;
        private final Class<?> carrier;

        Column(String type, Class<?> carrier) {
            this.type = type;
            this.carrier = carrier;
        }
    }

    private final Column[] columns;
    private final List<@Nullable Object>[] values;
    private final List<Integer> tenantOfRow = new ArrayList<>();
    private final Map<TenantId, Integer> tenants = new HashMap<>();
    private final List<UUID> tenantIds = new ArrayList<>();

    @SuppressWarnings({"unchecked", "rawtypes"})
    Rows(Column... columns) {
        this.columns = columns;
        values = new List[columns.length];
        for (int i = 0; i < columns.length; i++) {
            values[i] = new ArrayList<>();
        }
    }

    boolean isEmpty() {
        return tenantOfRow.isEmpty();
    }

    void add(TenantId tenant, @Nullable Object... row) {
        tenantOfRow.add(tenants.computeIfAbsent(tenant, first -> {
            tenantIds.add(first.value());
            return tenantIds.size();
        }));
        for (int i = 0; i < row.length; i++) {
            values[i].add(row[i]);
        }
    }

    /** @return the number of the next parameter */
    int bind(Connection connection, PreparedStatement statement, int first) throws SQLException {
        int next = first;
        statement.setArray(next++, connection.createArrayOf("uuid", tenantIds.toArray()));
        statement.setArray(next++, connection.createArrayOf("int4", tenantOfRow.toArray(Integer[]::new)));
        for (int i = 0; i < columns.length; i++) {
            var array = values[i].toArray((Object[]) Array.newInstance(columns[i].carrier, values[i].size()));
            statement.setArray(next++, connection.createArrayOf(columns[i].type, array));
        }
        return next;
    }
}
