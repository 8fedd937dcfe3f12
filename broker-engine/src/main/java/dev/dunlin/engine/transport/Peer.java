package dev.dunlin.engine.transport;

import dev.dunlin.engine.port.ClientCertificate;
import dev.dunlin.engine.port.Transport;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The other end of a connection, as far as the transport can tell.
 *
 * @param address of the client itself: what the PROXY protocol said on a listener where that is on, else the socket's
 * @param certificate what the client has shown of itself; absent without TLS and from clients that have none
 */
public record Peer(
        Transport transport,
        InetSocketAddress address,
        @Nullable ClientCertificate certificate) {
    private static final AttributeKey<InetSocketAddress> PROXIED = AttributeKey.valueOf(Peer.class, "proxied");
    private static final InetSocketAddress GONE = new InetSocketAddress(0);

    static Peer of(Channel channel, Transport transport) {
        return new Peer(transport, addressOf(channel), ShownCertificate.of(channel));
    }

    static void setAddress(Channel channel, InetSocketAddress address) {
        channel.attr(PROXIED).set(address);
    }

    static InetSocketAddress addressOf(Channel channel) {
        var proxied = channel.hasAttr(PROXIED) ? channel.attr(PROXIED).get() : null; // to ask would make one
        if (proxied != null) {
            return proxied;
        }
        return channel.remoteAddress() instanceof InetSocketAddress socket ? socket : GONE;
    }
}
