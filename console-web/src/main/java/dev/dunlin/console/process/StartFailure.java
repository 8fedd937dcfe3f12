package dev.dunlin.console.process;

import dev.dunlin.database.DataDirectoryException;
import dev.dunlin.provisioning.ProvisioningException;
import java.net.BindException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.core.env.Environment;

/** Why the process cannot start, as one line for the operator: what happened, why, and what to do. */
final class StartFailure {
    private static final Pattern LINE_BREAKS = Pattern.compile("\\s*[\\r\\n]+\\s*");
    private static final int MAX_CAUSES = 50;

    private StartFailure() {}

    static String explain(Throwable failure, @Nullable Environment environment) {
        return "Dunlin cannot start: "
                + LINE_BREAKS.matcher(sentence(causes(failure), environment)).replaceAll(" ");
    }

    private static String sentence(List<Throwable> causes, @Nullable Environment environment) {
        for (var cause : causes) {
            if (cause instanceof StartFailedException
                    || cause instanceof DataDirectoryException
                    || cause instanceof ProvisioningException) {
                return String.valueOf(cause.getMessage());
            }
            if (cause instanceof PortInUseException taken) {
                return portTaken(taken.getPort(), environment);
            }
            if (cause instanceof org.springframework.boot.context.properties.bind.BindException unbound) {
                return setting(unbound, causes);
            }
        }
        for (var cause : causes) {
            if (cause instanceof SQLException database) {
                return database(database, environment);
            }
            if (cause instanceof BindException) {
                return "an address cannot be bound (" + cause.getMessage()
                        + "). Check server.address, management.server.address and the ports.";
            }
        }
        var root = causes.get(causes.size() - 1);
        return root.getClass().getSimpleName() + ": " + root.getMessage()
                + " (start with --debug for the whole story).";
    }

    private static String portTaken(int port, @Nullable Environment environment) {
        var management = environment == null ? "" : environment.getProperty("management.server.port", "");
        var property = management.equals(String.valueOf(port)) ? "management.server.port" : "server.port";
        return portTaken(port, property);
    }

    static String portTaken(int port, String property) {
        return "port " + port + " is taken by another process. Stop that one, or choose another port with --" + property
                + "=…";
    }

    private static String setting(
            org.springframework.boot.context.properties.bind.BindException unbound, List<Throwable> causes) {
        for (var cause : causes) {
            if (cause instanceof IllegalArgumentException
                    && cause.getMessage() != null
                    && cause.getMessage().startsWith("dunlin.")) {
                return "a setting is wrong: " + cause.getMessage() + ".";
            }
        }
        ConfigurationPropertyName name = unbound.getName();
        var property = unbound.getProperty();
        return "the setting " + (property == null ? name : property.getName() + " = " + property.getValue())
                + " cannot be understood. Correct it and start again.";
    }

    /** Class 08 is the connection, 28 the log-in, 3D the database's name. */
    private static String database(SQLException failure, @Nullable Environment environment) {
        var url = environment == null ? null : environment.getProperty("spring.datasource.url");
        var where = url == null ? "the database" : "the database at " + withoutSecrets(url);
        var state = String.valueOf(failure.getSQLState());
        if (state.startsWith("08")) {
            return where + " cannot be reached: " + failure.getMessage()
                    + " Check spring.datasource.url and that PostgreSQL is running there.";
        }
        if (state.startsWith("28") || state.startsWith("3D")) {
            return where + " does not let us in: " + failure.getMessage()
                    + " Check spring.datasource.url, .username and .password.";
        }
        return where + " cannot be used: " + failure.getMessage() + " (SQL state " + state + ").";
    }

    private static String withoutSecrets(String url) {
        var parameters = url.indexOf('?');
        return parameters < 0 ? url : url.substring(0, parameters);
    }

    /** From the outside in, since the outer ones know more of what was being done. */
    private static List<Throwable> causes(Throwable failure) {
        var causes = new ArrayList<Throwable>();
        for (Throwable each = failure; each != null && causes.size() < MAX_CAUSES; each = each.getCause()) {
            causes.add(each);
        }
        return causes;
    }
}
