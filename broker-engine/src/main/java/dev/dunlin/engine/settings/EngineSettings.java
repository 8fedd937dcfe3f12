package dev.dunlin.engine.settings;

import dev.dunlin.engine.port.Transport;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the engine listens.
 *
 * @param host address to bind, {@code 0.0.0.0} for all
 * @param tcpPort port of the listener, 0 for any free one, -1 for none; so the other ports
 * @param certificate PEM file with the certificate chain; reloaded when it changes. Absent together with
 *     {@code privateKey}: one is made in {@code certificateDirectory} at the first start
 * @param certificateDirectory where a certificate of our own is kept
 * @param publicHost name that a certificate of our own is made for, besides localhost
 * @param connectRate connections per second that one remote address may open, 0 for any
 * @param failedLogins refused log-ins per second that one remote address gets an answer to, 0 for any
 * @param eventLoops how many threads serve connections, 0 for one a core
 * @param proxyProtocol the listeners on which every connection begins with a header of the PROXY protocol
 * @param io how event loops wait for the network
 * @param messageMemoryBytes that messages of all tenants may take which wait for clients or are retained, {@link #BY_HEAP} for a
 *     part of the heap
 */
public record EngineSettings(
        String host,
        int tcpPort,
        int tlsPort,
        int wsPort,
        int wssPort,
        @Nullable Path certificate,
        @Nullable Path privateKey,
        Path certificateDirectory,
        String publicHost,
        int connectRate,
        int failedLogins,
        int eventLoops,
        Set<Transport> proxyProtocol,
        NetworkIo io,
        long messageMemoryBytes) {
    public static final long BY_HEAP = 0;

    public EngineSettings {
        proxyProtocol = Set.copyOf(proxyProtocol);
    }

    /** Without a proxy before any listener, on the machine's best transport, with memory by the heap. */
    public EngineSettings(
            String host,
            int tcpPort,
            int tlsPort,
            int wsPort,
            int wssPort,
            @Nullable Path certificate,
            @Nullable Path privateKey,
            Path certificateDirectory,
            String publicHost,
            int connectRate,
            int failedLogins,
            int eventLoops) {
        this(
                host,
                tcpPort,
                tlsPort,
                wsPort,
                wssPort,
                certificate,
                privateKey,
                certificateDirectory,
                publicHost,
                connectRate,
                failedLogins,
                eventLoops,
                Set.of(),
                NetworkIo.AUTO,
                BY_HEAP);
    }
}
