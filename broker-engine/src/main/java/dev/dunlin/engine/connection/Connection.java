package dev.dunlin.engine.connection;

import dev.dunlin.engine.codec.MqttEncoder;
import dev.dunlin.engine.codec.MqttEncoder.Connack;
import dev.dunlin.engine.packet.Packet;
import dev.dunlin.engine.packet.Packet.Connect;
import dev.dunlin.engine.packet.Packet.Disconnect;
import dev.dunlin.engine.packet.Packet.Malformed;
import dev.dunlin.engine.packet.Packet.Subscribe;
import dev.dunlin.engine.packet.Packet.Unsubscribe;
import dev.dunlin.engine.packet.ProtocolVersion;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.port.Admission;
import dev.dunlin.engine.port.ClientCertificate;
import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.port.UsageSample;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.tenant.TenantSpace;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: the protocol's states from the first byte to the last, and the only handler of a pipeline that
 * knows MQTT. {@link Reading} gives it the packets; what an accepted client asks for is done by {@link Serving}, and what is
 * to be written goes to {@link Output}.
 *
 * <p>Runs on one event loop at a time: where it was accepted until the client is known, then on the home loop of the
 * client's session.
 */
public final class Connection extends ChannelInboundHandlerAdapter implements Reading.Recipient {
    private static final Logger log = LoggerFactory.getLogger(Connection.class);

    /** From the first byte that could come to CONNACK. */
    static final Duration CONNECT_DEADLINE = Duration.ofSeconds(10);

    /** Of a client that need not show signs of life as often as this, TCP finds out whether it is there. */
    private static final Duration RARE_SIGNS = Duration.ofHours(2);

    static final String UNFINISHED_LOG_IN = "a log-in that is not finished within 10 s";

    private enum State {
        /** CONNECT has not come. */
        NEW,
        /** CONNECT, or an AUTH that belongs to it, is being judged; nothing more is read. */
        LOGGING_IN,
        /** The client is to answer our AUTH; then it is being judged again. */
        AUTHENTICATING,
        CONNECTED,
        /** All is said; what still comes is not looked at. */
        CLOSING
    }

    private final Broker broker;
    private final Transport transport;
    private final InetSocketAddress remoteAddress;
    private final String remoteIp;
    private final @Nullable ClientCertificate certificate;

    @SuppressWarnings("NullAway.Init") // set when the handler is added, before anything else happens
    private ChannelHandlerContext context;

    @SuppressWarnings("NullAway.Init") // as above
    private Reading reading;

    @SuppressWarnings("NullAway.Init") // as above
    private Output output;

    /** What it works with together with the others of its loop. */
    private LoopConnections neighbours;

    private State state = State.NEW;
    private @Nullable Authentication authentication;
    private @Nullable Future<?> connectDeadline;
    private @Nullable Future<?> admissionEnd;

    // Set when the client is accepted
    private @Nullable Serving serving;
    private @Nullable ConnectedClient client;
    private long keepAliveNanos;
    private boolean expiresWithConnection;

    /** Its place among those of its loop, which alone reads and writes it. */
    int place = LoopConnections.NOWHERE;

    /**
     * @param remoteAddress of the client itself, also behind a proxy
     * @param certificate what the client has shown in the TLS handshake
     */
    public Connection(
            Broker broker,
            Transport transport,
            InetSocketAddress remoteAddress,
            @Nullable ClientCertificate certificate,
            EventLoop on) {
        this.broker = broker;
        this.transport = transport;
        this.remoteAddress = remoteAddress;
        this.remoteIp = remoteAddress.getAddress().getHostAddress();
        this.certificate = certificate;
        this.neighbours = broker.connections.get(broker.loopOf(on).index());
    }

    Transport transport() {
        return transport;
    }

    InetSocketAddress remoteAddress() {
        return remoteAddress;
    }

    @Nullable
    ClientCertificate certificate() {
        return certificate;
    }

    String remoteIp() {
        return remoteIp;
    }

    SessionLoop loop() {
        return neighbours.loop();
    }

    boolean isLoggingIn() {
        return state == State.LOGGING_IN;
    }

    /** Enhanced authentication, for as long as the connection lives. */
    void authenticateWith(Authentication authentication) {
        this.authentication = authentication;
    }

    /** Sends AUTH, which the client is to answer. */
    void challenge(String method, byte[] data) {
        if (state == State.CLOSING) {
            return;
        }
        if (!auth(ReasonCode.CONTINUE_AUTHENTICATION, method, data)) {
            return;
        }
        if (state == State.LOGGING_IN) {
            state = State.AUTHENTICATING;
            reading.resume();
        }
    }

    /** The client has answered our AUTH; nothing more is read until that is judged. */
    void judge() {
        if (state == State.AUTHENTICATING) {
            state = State.LOGGING_IN;
            reading.pauseBriefly();
        }
    }

    boolean isConnected() {
        return state == State.CONNECTED;
    }

    /** Whether {@code admission} is of whom it was accepted for. */
    boolean isOf(Admission admission) {
        return admission.tenant().equals(space().id())
                && admission.credential().equals(session().credential());
    }

    /** Of the client that is accepted. */
    String userName() {
        return space().slug() + "." + session().credentialName();
    }

    /** Sends AUTH, or ends the connection of a client that does not take so much. */
    boolean auth(ReasonCode reason, String method, byte @Nullable [] data) {
        if (!output.takes(method.length() * 3L + (data == null ? 0 : data.length) + 16)) {
            end(ReasonCode.PACKET_TOO_LARGE, Incident.Reason.PACKET_TOO_LARGE, "AUTH, for this client");
            return false;
        }
        MqttEncoder.auth(output.next(), reason, method, data);
        return true;
    }

    /** Whether a client was ever accepted on it: then it counts itself out of its tenant's connections. */
    boolean isAccepted() {
        return serving != null;
    }

    void runOnLoop(Runnable action) {
        var eventLoop = loop().eventLoop();
        if (eventLoop.inEventLoop()) {
            action.run();
        } else {
            eventLoop.execute(action);
        }
    }

    /** Sends CONNACK with a refusal, and closes. */
    void refuse(Connack refusal) {
        if (state == State.CLOSING) {
            return;
        }
        var connack = takes(refusal) ? refusal : Connack.refused(refusal.reason(), null); // MQTT 5 [MQTT-3.2.2-19]
        if (takes(connack)) {
            MqttEncoder.connack(output.next(), output.version(), connack);
        }
        close();
    }

    /** Whether the client takes {@code connack}, which may not be longer than it says [MQTT-3.1.2-24]. */
    boolean takes(Connack connack) {
        return output.takes(MqttEncoder.connackBytes(output.version(), connack));
    }

    /**
     * Moves to another event loop: {@code arrived} runs there, or {@code lost} anywhere if the connection did not live to
     * see it. Nothing is read in between.
     */
    void moveTo(SessionLoop home, Runnable arrived, Runnable lost) {
        connectDeadline = cancel(connectDeadline);
        var channel = context.channel();
        channel.deregister().addListener(left -> {
            neighbours = broker.connections.get(home.index());
            reading.moveTo(neighbours);
            output.moveTo(home);
            home.eventLoop().register(channel).addListener(entered -> {
                if (!entered.isSuccess()) {
                    lost.run();
                    onClosed(); // a channel that could not be registered has no loop to tell of its end
                } else if (state == State.LOGGING_IN && channel.isActive()) {
                    arrived.run();
                } else {
                    lost.run();
                }
            });
        });
    }

    /** What will serve the client once it is accepted. */
    Serving toServe(Connect connect, TenantSpace space, Session session) {
        var givenAliases = GivenAliases.upTo(connect.topicAliasMaximum());
        return new Serving(this, broker, neighbours, reading, output, space, session, givenAliases);
    }

    /** The client is admitted and its session attached to {@code serving}: sends {@code connack}. */
    void onAccepted(Connect connect, Serving serving, Admission admission, Connack connack) {
        var space = serving.space();
        var session = serving.session();
        connectDeadline = cancel(connectDeadline);
        state = State.CONNECTED;
        this.serving = serving;
        expiresWithConnection = connect.sessionExpirySeconds() == 0;
        reading.limitTo(space, broker.heldByClients);
        output.countIn(space.bufferBytes());
        MqttEncoder.connack(output.next(), output.version(), connack);
        keepAliveNanos = TimeUnit.MILLISECONDS.toNanos(connect.keepAliveSeconds() * 1_500L); // MQTT 5 [MQTT-3.1.2-22]
        if (keepAliveNanos == 0 || keepAliveNanos > RARE_SIGNS.toNanos()) {
            context.channel().config().setOption(ChannelOption.SO_KEEPALIVE, true);
        }
        if (admission.validUntil() != null) {
            long millis = Math.max(
                    0, Duration.between(Instant.now(), admission.validUntil()).toMillis());
            admissionEnd = loop().eventLoop()
                    .schedule(
                            () -> disconnect(ReasonCode.MAXIMUM_CONNECT_TIME, Incident.Reason.ADMISSION_EXPIRED),
                            millis,
                            TimeUnit.MILLISECONDS);
        }
        var connected = new ConnectedClient(
                broker.connectionIds.incrementAndGet(),
                space.id(),
                session.credential(),
                session.credentialName(),
                session.clientId(),
                remoteIp(),
                transport,
                output.version().toString(),
                Instant.now());
        client = connected;
        broker.beginning.remove(context.channel());
        neighbours.add(this, checkKeepAlive(neighbours.nanoTime()));
        broker.presence.connected(connected);
    }

    /** Serves the client: what the session has for it, then what it has sent meanwhile. */
    void begin() {
        if (state == State.CONNECTED) {
            session().resume();
            reading.resume();
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        this.context = context;
        reading = new Reading(this, context, broker.nanoClock, neighbours, broker.heldByStrangers);
        output = new Output(context, loop(), broker.unsent, this::onWritable);
        broker.beginning.add(context.channel());
        connectDeadline = loop().eventLoop()
                .schedule(this::onConnectDeadline, CONNECT_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Takes {@code message}. */
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var arrived = (ByteBuf) message;
        try {
            if (state != State.CLOSING) {
                reading.read(arrived);
            }
        } finally {
            arrived.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        loop().mayEndTurn();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        onWritable();
    }

    private void onWritable() {
        if (state == State.CONNECTED && output.isWritable()) {
            session().onWritable();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        onClosed();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        onClosed();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            log.debug("Connection of {} broke off: {}", this, cause.toString());
        } else {
            log.warn("Connection of {} is closed after a fault", this, cause);
        }
        context.close();
    }

    private void onClosed() {
        leaveSession(true);
        state = State.CLOSING;
        connectDeadline = cancel(connectDeadline);
        admissionEnd = cancel(admissionEnd);
        if (authentication != null) {
            authentication.stop();
        }
        output.release();
        reading.release();
        countOut();
        neighbours.remove(this);
    }

    /** The client is gone for its tenant, though its channel may take a moment to close. */
    private void countOut() {
        var connected = client;
        if (connected != null) {
            client = null;
            broker.spaces.leave(space());
            broker.presence.disconnected(connected);
        }
    }

    @Override
    public void onPacket(Packet packet) {
        if (state == State.AUTHENTICATING && !mayComeDuringLogIn(packet)) {
            violation(ReasonCode.PROTOCOL_ERROR, "neither AUTH nor DISCONNECT before CONNACK [MQTT-3.1.2-30]");
        } else if (packet instanceof Publish publish) {
            serving().onPublish(publish);
        } else if (packet instanceof Packet.Puback puback) {
            session().onPuback(puback.packetId());
        } else if (packet instanceof Packet.Pubrec pubrec) {
            serving().onPubrec(pubrec);
        } else if (packet instanceof Packet.Pubrel pubrel) {
            serving().onPubrel(pubrel.packetId());
        } else if (packet instanceof Packet.Pubcomp pubcomp) {
            session().onPubcomp(pubcomp.packetId());
        } else if (packet instanceof Packet.Pingreq) {
            MqttEncoder.pingresp(output.next());
        } else if (packet instanceof Subscribe subscribe) {
            serving().onSubscribe(subscribe);
        } else if (packet instanceof Unsubscribe unsubscribe) {
            serving().onUnsubscribe(unsubscribe);
        } else if (packet instanceof Disconnect disconnect) {
            onDisconnect(disconnect);
        } else if (packet instanceof Connect connect) {
            onConnect(connect);
        } else if (packet instanceof Packet.Auth auth) {
            onAuth(auth);
        } else if (packet instanceof Malformed malformed) {
            onMalformed(malformed);
        }
    }

    private void onConnect(Connect connect) {
        output.onConnect(connect);
        state = State.LOGGING_IN;
        reading.pauseBriefly();
        new LogIn(this, broker, connect).begin();
    }

    private static boolean mayComeDuringLogIn(Packet packet) {
        return packet instanceof Packet.Auth || packet instanceof Disconnect || packet instanceof Malformed;
    }

    private void onAuth(Packet.Auth auth) {
        if (authentication == null) {
            violation(ReasonCode.PROTOCOL_ERROR, "AUTH without an Authentication Method in CONNECT [MQTT-4.12.0-7]");
        } else {
            authentication.onAuth(auth);
        }
    }

    private void onDisconnect(Disconnect disconnect) {
        if (serving == null) {
            close(); // the client has changed its mind during the log-in
            return;
        }
        long expiry = disconnect.sessionExpirySeconds();
        if (expiry != Disconnect.UNCHANGED) {
            if (expiresWithConnection && expiry != 0) {
                violation(ReasonCode.PROTOCOL_ERROR, "a Session Expiry Interval after none [MQTT-3.14.2-2]");
                return;
            }
            session().expirySeconds(expiry);
        }
        leaveSession(disconnect.reason() != ReasonCode.SUCCESS.value());
        close(true);
    }

    private void onMalformed(Malformed malformed) {
        switch (malformed.reason()) {
            case UNSUPPORTED_PROTOCOL_VERSION -> {
                report(Incident.Reason.UNSUPPORTED_PROTOCOL_VERSION, malformed.detail());
                refuse(Connack.refused(malformed.reason(), null));
            }
            case PACKET_TOO_LARGE -> end(malformed.reason(), Incident.Reason.PACKET_TOO_LARGE, malformed.detail());
            case MALFORMED_PACKET -> end(malformed.reason(), Incident.Reason.MALFORMED_PACKET, malformed.detail());
            case QUOTA_EXCEEDED -> end(malformed.reason(), Incident.Reason.PACKET_TOO_COMPLEX, malformed.detail());
            case TOPIC_NAME_INVALID -> end(malformed.reason(), Incident.Reason.TOPIC_INVALID, malformed.detail());
            default -> violation(malformed.reason(), malformed.detail());
        }
    }

    void violation(ReasonCode reason, String detail) {
        end(reason, Incident.Reason.PROTOCOL_ERROR, detail);
    }

    @Override
    public void onDecoded(boolean isTurnOver) {
        if (state == State.CONNECTED) {
            serving().slowDown(isTurnOver);
        }
    }

    @Override
    public void onTooMuchHeld() {
        end(ReasonCode.SERVER_BUSY, Incident.Reason.PACKET_TOO_LARGE, "unfinished packets of all clients together");
    }

    @Override
    public void onPacketOverdue() {
        disconnect(ReasonCode.MALFORMED_PACKET, Incident.Reason.MALFORMED_PACKET);
    }

    @Override
    public void fail(RuntimeException cause) {
        log.error("Connection of {} is closed after a fault in the engine", this, cause);
        end(ReasonCode.UNSPECIFIED_ERROR, Incident.Reason.INTERNAL_ERROR, null);
    }

    void disconnect(ReasonCode reason, Incident.Reason why) {
        end(reason, why, null);
    }

    /**
     * Ends the connection since the engine stops: nobody's fault, and no reason to publish a Will to those who go too. On
     * the connection's loop.
     *
     * @return completes when the channel is closed
     */
    public ChannelFuture shutDown() {
        if (state == State.CONNECTED) {
            if (output.version().isMqtt5()) {
                MqttEncoder.disconnect(output.next(), ReasonCode.SERVER_SHUTTING_DOWN, null);
            }
            if (session().outbound() == serving) {
                broker.keeper.stop(space(), session());
            }
        }
        close();
        return context.channel().closeFuture();
    }

    /** Tells an MQTT 5 client why, leaves the session with its Will, and closes. */
    void end(ReasonCode reason, Incident.Reason why, @Nullable String detail) {
        if (state == State.CLOSING) {
            return;
        }
        report(why, detail);
        if (state == State.NEW && reading.isMqtt5()) {
            // a CONNECT that is wrong in its later part: its version is known, so its author can be told
            MqttEncoder.connack(output.next(), ProtocolVersion.MQTT_5, Connack.refused(reason, detail));
        } else if (output.version().isMqtt5()) {
            if (state == State.CONNECTED) {
                var text = detail != null && output.takesReasonString(detail, 0) ? detail : null;
                MqttEncoder.disconnect(output.next(), reason, text);
            } else if (state == State.LOGGING_IN || state == State.AUTHENTICATING) {
                refuse(Connack.refused(reason, null));
            }
        }
        leaveSession(true);
        close();
    }

    /** Leaves the session with its Will, and closes, without a word to the client. */
    void endSilently(Incident.Reason why) {
        report(why, null);
        leaveSession(true);
        close();
    }

    private void report(Incident.Reason why, @Nullable String detail) {
        var session = serving == null ? null : serving.session();
        broker.report(new Incident(
                Instant.now(),
                Incident.Kind.CONNECTION,
                why,
                serving == null ? null : serving.space().id(),
                session == null ? null : session.credentialName(),
                session == null ? null : session.clientId(),
                remoteIp(),
                null,
                detail));
    }

    private void leaveSession(boolean withWill) {
        if (serving != null && serving.session().outbound() == serving) {
            broker.keeper.leave(serving.space(), serving.session(), withWill);
        }
    }

    /** Writes what is due, and closes. */
    void close() {
        close(false);
    }

    /** @param hasDisconnected whether the client has said that nothing more comes from it */
    private void close(boolean hasDisconnected) {
        if (state == State.CLOSING) {
            return;
        }
        state = State.CLOSING;
        reading.close();
        if (serving != null) {
            serving.stop();
        }
        countOut();
        output.close(transport == Transport.TCP && !hasDisconnected);
    }

    private void onConnectDeadline() {
        if (state == State.LOGGING_IN) {
            refuse(Connack.refused(ReasonCode.SERVER_UNAVAILABLE, null));
        } else if (state == State.AUTHENTICATING) {
            end(ReasonCode.NOT_AUTHORIZED, Incident.Reason.KEEP_ALIVE_TIMEOUT, UNFINISHED_LOG_IN);
        } else if (state == State.NEW) {
            report(Incident.Reason.KEEP_ALIVE_TIMEOUT, "no CONNECT within " + CONNECT_DEADLINE.toSeconds() + " s");
            close();
        }
    }

    /**
     * Ends the connection if the client was silent for too long. Only whole packets count: bytes that drip in keep nobody
     * alive.
     *
     * @return when to look again
     */
    long checkKeepAlive(long nowNanos) {
        if (state != State.CONNECTED || keepAliveNanos == 0) {
            return nowNanos + LoopConnections.NEVER_NANOS;
        }
        if (reading.isPaused()) {
            return nowNanos + keepAliveNanos;
        }
        long dueNanos = reading.lastPacketNanos() + keepAliveNanos;
        if (dueNanos - nowNanos <= 0) {
            disconnect(ReasonCode.KEEP_ALIVE_TIMEOUT, Incident.Reason.KEEP_ALIVE_TIMEOUT);
        }
        return dueNanos;
    }

    private static @Nullable Future<?> cancel(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
        return null;
    }

    /** What the client has used since the call before. */
    UsageSample takeUsage() {
        return serving().takeUsage();
    }

    private Serving serving() {
        return Objects.requireNonNull(serving, "no client is accepted");
    }

    private Session session() {
        return serving().session();
    }

    private TenantSpace space() {
        return serving().space();
    }

    /** Who it is, for the log. */
    @Override
    public String toString() {
        if (serving == null) {
            return remoteIp();
        }
        var session = serving.session();
        return serving.space().slug() + "." + session.credentialName() + " (" + session.clientId() + ") from "
                + remoteIp();
    }
}
