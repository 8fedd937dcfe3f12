package dev.dunlin.engine.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The product's own PostgreSQL, asked on a connection beside the broker's. */
final class Database implements AutoCloseable {
    private static final String NAME = "dunlin";
    /** Of what the running server says of itself. */
    private static final int PORT_LINE = 3;

    private final Connection connection;

    private Database(Connection connection) {
        this.connection = connection;
    }

    static boolean runsIn(Path folder) {
        return Files.exists(pidFile(folder));
    }

    /** What the server that runs in {@code folder} says of itself: its process id first. */
    static List<String> lines(Path folder) {
        try {
            return Files.readAllLines(pidFile(folder));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Path pidFile(Path folder) {
        return folder.resolve("data/postmaster.pid");
    }

    static Database open(Path folder) {
        var url = "jdbc:postgresql://127.0.0.1:%s/%s?sslmode=disable&ApplicationName=benchmark"
                .formatted(lines(folder).get(PORT_LINE).trim(), NAME);
        try {
            return new Database(DriverManager.getConnection(url, NAME, Files.readString(folder.resolve("password"))));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        } catch (SQLException refused) {
            throw failed(refused);
        }
    }

    /**
     * How much it has written. PostgreSQL's own statistics are seconds behind; these are not.
     *
     * @param transactions that wrote something
     * @param logBytes of the write-ahead log
     */
    record Written(long transactions, long logBytes) {
        static final Written NOTHING = new Written(0, 0);
    }

    Written written() {
        return ask("""
                select pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
                  (pg_current_wal_insert_lsn() - '0/0')::bigint
                """, row -> new Written(row.getLong(1), row.getLong(2)));
    }

    /** Rows of the journals, which are empty while no message is queued. */
    long queued() {
        return ask("select count(*) from mqtt_journal", row -> row.getLong(1));
    }

    /** Cleans at once what autovacuum would clean sooner or later. */
    void vacuum() {
        try (var statement = connection.createStatement()) {
            statement.execute("vacuum (parallel 0) mqtt_journal");
        } catch (SQLException refused) {
            throw failed(refused);
        }
    }

    /** Bytes of each table and of each index of the message store. */
    Map<String, Long> sizes() {
        return ask(
                """
                select relname, pg_table_size(oid) from pg_class
                where relname like 'mqtt\\_%' and relkind in ('r', 'i') order by relname
                """,
                row -> {
                    var sizes = new LinkedHashMap<String, Long>();
                    do {
                        sizes.put(row.getString(1), row.getLong(2));
                    } while (row.next());
                    return sizes;
                });
    }

    private interface Reading<T> {
        T of(ResultSet row) throws SQLException;
    }

    /** @param reading of the first row and those after it */
    private <T> T ask(String question, Reading<T> reading) {
        try (var statement = connection.createStatement();
                var answer = statement.executeQuery(question)) {
            if (!answer.next()) {
                throw new IllegalStateException("The database has no answer to " + question);
            }
            return reading.of(answer);
        } catch (SQLException refused) {
            throw failed(refused);
        }
    }

    private static IllegalStateException failed(SQLException cause) {
        return new IllegalStateException("The database fails: " + cause.getMessage(), cause);
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException refused) {
            throw failed(refused);
        }
    }
}
