package dev.dunlin.engine.port;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a CONNECT packet says of who is calling.
 *
 * @param protocol as people write it: {@code MQTT 3.1}, {@code MQTT 3.1.1} or {@code MQTT 5}
 * @param userName absent if the User Name Flag is 0
 * @param password absent if the Password Flag is 0; the receiver may keep it no longer than it needs
 * @param clientId as sent; empty if the client asks for an assigned one
 * @param remoteAddress of the client itself, also behind a proxy
 * @param certificate absent without TLS, and if the client has shown none
 */
public record Login(
        String protocol,
        @Nullable String userName,
        byte @Nullable [] password,
        String clientId,
        InetSocketAddress remoteAddress,
        Transport transport,
        @Nullable ClientCertificate certificate) {

    /** Of a client that has shown no certificate. */
    public Login(
            String protocol,
            @Nullable String userName,
            byte @Nullable [] password,
            String clientId,
            InetSocketAddress remoteAddress,
            Transport transport) {
        this(protocol, userName, password, clientId, remoteAddress, transport, null);
    }

    /** Says nothing of the password, not even its length. */
    @Override
    public String toString() {
        return "Login[" + protocol + " over " + transport + " from " + remoteAddress + "]";
    }
}
