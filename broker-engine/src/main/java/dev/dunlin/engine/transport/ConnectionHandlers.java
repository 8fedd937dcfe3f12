package dev.dunlin.engine.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;

/** Makes the last handler of a connection. */
@FunctionalInterface
public interface ConnectionHandlers {
    /**
     * Called on the connection's event loop when its stream of MQTT bytes begins: after the TLS handshake and the
     * WebSocket upgrade. The channel is active by then and may never tell the handler so again; what has to begin with
     * the connection begins in {@code handlerAdded}. The handler reads and writes {@code ByteBuf}s of that stream,
     * whatever the transport, and takes those that it reads.
     */
    ChannelHandler create(Peer peer, Channel channel);
}
