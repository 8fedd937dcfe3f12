package dev.dunlin.console.process;

import dev.dunlin.database.DatabasePulse;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.stereotype.Component;

/**
 * Tells operators that the database is away. That is no reason to send devices elsewhere, where it is away as well: those that
 * are known are served here, so the answer's status stays 200.
 */
@Component("database")
class DatabaseHealth implements HealthIndicator {
    private static final Status DEGRADED = new Status("DEGRADED");

    private final DatabasePulse database;

    DatabaseHealth(DatabasePulse database) {
        this.database = database;
    }

    @Override
    public Health health() {
        return database.isAnswering()
                ? Health.up().build()
                : Health.status(DEGRADED)
                        .withDetail(
                                "reason",
                                "The database does not answer. Devices that are connected or known are served; what has to be"
                                        + " stored, new log-ins and the console wait for it.")
                        .build();
    }
}
