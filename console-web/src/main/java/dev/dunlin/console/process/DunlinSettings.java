package dev.dunlin.console.process;

import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What an operator sets under {@code dunlin.}; names and defaults are a contract.
 *
 * @param dataDir where everything is kept that outlives the process
 * @param publicHost the name shown to users; absent or blank: the one in the address bar of whoever asks
 * @param roles what this process does
 */
@ConfigurationProperties("dunlin")
public record DunlinSettings(
        @DefaultValue("./data") Path dataDir,
        @Nullable String publicHost,
        @DefaultValue({"broker", "console"}) Set<ProcessRole> roles,
        @DefaultValue Mqtt mqtt,
        @DefaultValue Certificate tls,
        @DefaultValue ProvisioningFile provisioning) {

    private static final DataSize LEAST_MESSAGE_MEMORY = DataSize.ofMegabytes(16);
    private static final int OFF = -1;
    private static final int HIGHEST_PORT = 65_535;

    /** What a process does. */
    public enum ProcessRole {
        BROKER,
        CONSOLE
    }

    /** How event loops wait for the network. */
    public enum Io {
        AUTO,
        EPOLL,
        IO_URING,
        NIO
    }

    /**
     * @param host the address that all listeners bind, {@code 0.0.0.0} for all
     * @param io how event loops wait for the network
     * @param messageMemory of messages that wait for clients or are retained; absent: half of the heap
     */
    public record Mqtt(
            @DefaultValue("0.0.0.0") String host,
            @DefaultValue("auto") Io io,
            @Nullable DataSize messageMemory,
            @DefaultValue Tcp tcp,
            @DefaultValue Tls tls,
            @DefaultValue Ws ws,
            @DefaultValue Wss wss,
            @DefaultValue Guard guard) {
        public Mqtt {
            if (messageMemory != null && messageMemory.toBytes() < LEAST_MESSAGE_MEMORY.toBytes()) {
                throw new IllegalArgumentException("dunlin.mqtt.message-memory is at least "
                        + LEAST_MESSAGE_MEMORY.toMegabytes() + "MB, not " + messageMemory);
            }
        }
    }

    /**
     * A listener; so the other three.
     *
     * @param proxyProtocol whether every connection begins with a header of the PROXY protocol, so comes from a proxy
     */
    public record Tcp(
            @DefaultValue("1883") int port,
            @DefaultValue("false") boolean proxyProtocol) {
        public Tcp {
            requirePort("tcp", port);
        }
    }

    public record Tls(
            @DefaultValue("8883") int port,
            @DefaultValue("false") boolean proxyProtocol) {
        public Tls {
            requirePort("tls", port);
        }
    }

    public record Ws(
            @DefaultValue("8083") int port,
            @DefaultValue("false") boolean proxyProtocol) {
        public Ws {
            requirePort("ws", port);
        }
    }

    public record Wss(
            @DefaultValue("8084") int port,
            @DefaultValue("false") boolean proxyProtocol) {
        public Wss {
            requirePort("wss", port);
        }
    }

    /**
     * Limits before log-in, for each remote address; 0 is no limit.
     *
     * @param connectRate connections per second
     * @param failedLogins refused log-ins per second that get an answer
     */
    public record Guard(
            @DefaultValue("200") int connectRate,
            @DefaultValue("10") int failedLogins) {
        public Guard {
            if (connectRate < 0 || failedLogins < 0) {
                throw new IllegalArgumentException("dunlin.mqtt.guard.* is a number per second, 0 for no limit");
            }
        }
    }

    /** PEM files; both or neither. */
    public record Certificate(
            @Nullable Path certificate, @Nullable Path privateKey) {
        public Certificate {
            if ((certificate == null) != (privateKey == null)) {
                throw new IllegalArgumentException(
                        "dunlin.tls.certificate and dunlin.tls.private-key belong together: give both or neither");
            }
        }
    }

    public record ProvisioningFile(@Nullable Path file) {}

    public boolean has(ProcessRole role) {
        return roles.contains(role);
    }

    private static void requirePort(String listener, int port) {
        if (port < OFF || port > HIGHEST_PORT) {
            throw new IllegalArgumentException(
                    "dunlin.mqtt." + listener + ".port is a port, 0 for any free one or -1 for none, not " + port);
        }
    }
}
