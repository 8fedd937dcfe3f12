package dev.dunlin.engine.connection;

import dev.dunlin.engine.access.AccessPolicy;
import dev.dunlin.engine.access.AccessPolicy.PublishAnswer;
import dev.dunlin.engine.codec.MqttDecoder;
import dev.dunlin.engine.codec.MqttEncoder;
import dev.dunlin.engine.codec.MqttEncoder.Connack;
import dev.dunlin.engine.codec.PublishEncoder;
import dev.dunlin.engine.packet.MessageProperties;
import dev.dunlin.engine.packet.Packet;
import dev.dunlin.engine.packet.Packet.Connect;
import dev.dunlin.engine.packet.Packet.Disconnect;
import dev.dunlin.engine.packet.Packet.Malformed;
import dev.dunlin.engine.packet.Packet.Subscribe;
import dev.dunlin.engine.packet.Packet.Unsubscribe;
import dev.dunlin.engine.packet.ProtocolVersion;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.port.Admission;
import dev.dunlin.engine.port.ClientCertificate;
import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.EnhancedAuthentication;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.LoginAnswer;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.port.UsageSample;
import dev.dunlin.engine.session.Outbound;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: the protocol's states, and the only handler of a pipeline that knows MQTT. It reads all packets
 * of what has arrived, lends each to session and router, and writes once an event loop turn.
 *
 * <p>Runs on one event loop at a time: where it was accepted until the client is known, then on the home loop of the
 * client's session. Holds the bytes of at most one incomplete packet, never more of them than such a packet may have.
 */
public final class Connection extends ChannelInboundHandlerAdapter implements Outbound {
    private static final Logger log = LoggerFactory.getLogger(Connection.class);

    /** The largest CONNECT packet, in bytes: the most that a stranger may make us hold. */
    static final int MAX_CONNECT_BYTES = 128 * 1024;

    /** The largest packet that MQTT can express. */
    static final long MAX_PACKET_BYTES = 268_435_460L;

    /** QoS 2 messages that one client may have unreleased; the Receive Maximum told to MQTT 5 clients. */
    static final int RECEIVE_MAXIMUM = 1_024;

    /** From the first byte that could come to CONNACK. */
    static final Duration CONNECT_DEADLINE = Duration.ofSeconds(10);

    /** From the first byte of a packet to its last. */
    static final Duration PACKET_DEADLINE = Duration.ofSeconds(120);

    /** Deliveries on its loop that what a connection has sent may lead to, before others have their turn: some milliseconds. */
    private static final int DELIVERIES_A_TURN = 1_024;

    private static final int KNOWN_ANSWERS = 4;
    private static final String UNFINISHED_LOG_IN = "a log-in that is not finished within 10 s";

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

    /** A permission looked up before. */
    private record Answer(TopicName topic, AccessPolicy policy, PublishAnswer publish) {}

    private final Broker broker;
    private final Transport transport;
    private final InetSocketAddress remoteAddress;
    private final String remoteIp;
    private final @Nullable ClientCertificate certificate;
    private final MqttDecoder decoder;

    @SuppressWarnings("NullAway.Init") // set when the handler is added, before anything else happens
    private ChannelHandlerContext context;

    @SuppressWarnings("NullAway.Init") // as above
    private Output output;

    private SessionLoop loop;

    /** What it works with together with the others of its loop. */
    private LoopConnections neighbours;

    private State state = State.NEW;
    private ProtocolVersion version = ProtocolVersion.MQTT_3_1_1;

    /** Bytes that are not decoded, in a buffer of their own: of a packet that is not complete, or of any while reading is paused. */
    private @Nullable ByteBuf undecoded;

    /** Of its buffer, as they are counted among those of all connections. */
    private int heldBytes;

    private boolean isPaused;
    private boolean isDecoding;
    private long packetCount;
    private long lastPacketNanos;
    private @Nullable Authentication authentication;
    private @Nullable Future<?> connectDeadline;
    private @Nullable Future<?> packetDeadline;
    private @Nullable Future<?> admissionEnd;

    // Set when the client is accepted
    private @Nullable TenantSpace space;
    private @Nullable Session session;
    private @Nullable ConnectedClient client;
    private @Nullable Answer @Nullable [] answers;
    private GivenAliases givenAliases = GivenAliases.NONE;
    private boolean wantsReasonStrings;
    private long maxPacketBytesOut = Long.MAX_VALUE;
    private long keepAliveNanos;
    private boolean expiresWithConnection;

    /** Its place among those of its loop, which alone reads and writes it. */
    int place = LoopConnections.NOWHERE;

    // Since the last usage sample
    private long messagesIn;
    private long bytesIn;
    private long messagesOut;
    private long bytesOut;
    private long refused;

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
        this.loop = broker.loopOf(on);
        this.neighbours = broker.connections.get(loop.index());
        this.decoder = new MqttDecoder(MAX_CONNECT_BYTES, broker.nanoClock, neighbours.topics());
    }

    // For the log-in

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
        return loop;
    }

    boolean isLoggingIn() {
        return state == State.LOGGING_IN;
    }

    /** Enhanced authentication, for as long as the connection lives. */
    Authentication authenticateWith(Authentication authentication) {
        this.authentication = authentication;
        return authentication;
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
            resumeReading();
        }
    }

    /** Sends AUTH, or ends the connection of a client that does not take so much. */
    private boolean auth(ReasonCode reason, String method, byte @Nullable [] data) {
        if (!mayBeAsLongAs(method.length() * 3L + (data == null ? 0 : data.length) + 16)) {
            end(ReasonCode.PACKET_TOO_LARGE, Incident.Reason.PACKET_TOO_LARGE, "AUTH, for this client");
            return false;
        }
        MqttEncoder.auth(output.next(loop), reason, method, data);
        return true;
    }

    /** Whether a client was ever accepted on it: then it counts itself out of its tenant's connections. */
    boolean isAccepted() {
        return space != null;
    }

    void runOnLoop(Runnable action) {
        var eventLoop = loop.eventLoop();
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
        boolean isExplained = mayBeAsLongAs(MqttEncoder.connackBytes(version, refusal)); // MQTT 5 [MQTT-3.2.2-19]
        var connack = isExplained ? refusal : Connack.refused(refusal.reason(), null);
        if (mayBeAsLongAs(MqttEncoder.connackBytes(version, connack))) {
            MqttEncoder.connack(output.next(loop), version, connack);
        }
        close();
    }

    /** Whether the client takes the CONNACK that lets it in, which may not be longer than it says [MQTT-3.1.2-24]. */
    boolean takesConnack(Connect connect, TenantSpace space, String clientId) {
        return mayBeAsLongAs(MqttEncoder.connackBytes(version, connack(connect, space, clientId, false)));
    }

    private Connack connack(Connect connect, TenantSpace space, String clientId, boolean isResumed) {
        long maxPacketBytes = maxPacketBytes(space);
        return new Connack(
                isResumed,
                ReasonCode.SUCCESS,
                null,
                connect.clientId().isEmpty() ? clientId : null,
                RECEIVE_MAXIMUM,
                maxPacketBytes < MAX_PACKET_BYTES ? maxPacketBytes : 0,
                MqttDecoder.TOPIC_ALIAS_MAXIMUM,
                authentication == null ? null : authentication.method(),
                authentication == null ? null : authentication.lastData());
    }

    private static long maxPacketBytes(TenantSpace space) {
        return Math.min(space.limits().packetBytes(), MAX_PACKET_BYTES);
    }

    /**
     * Moves to another event loop: {@code arrived} runs there, or {@code lost} anywhere if the connection did not live to
     * see it. Nothing is read in between.
     */
    void moveTo(SessionLoop home, Runnable arrived, Runnable lost) {
        connectDeadline = cancel(connectDeadline);
        packetDeadline = cancel(packetDeadline); // it would run on the loop that is left
        var channel = context.channel();
        channel.deregister().addListener(left -> {
            loop = home;
            neighbours = broker.connections.get(home.index());
            decoder.moveTo(neighbours.topics());
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

    /** The client is admitted and its session attached: sends CONNACK. */
    void onAccepted(Connect connect, TenantSpace space, Session session, Admission admission, boolean isResumed) {
        connectDeadline = cancel(connectDeadline);
        countHeld(0); // as of a stranger; what it sends on is counted with what clients hold
        state = State.CONNECTED;
        this.space = space;
        this.session = session;
        wantsReasonStrings = version.isMqtt5() && connect.requestProblemInformation();
        givenAliases = GivenAliases.upTo(connect.topicAliasMaximum());
        expiresWithConnection = connect.sessionExpirySeconds() == 0;
        decoder.limit(maxPacketBytes(space));
        MqttEncoder.connack(output.next(loop), version, connack(connect, space, session.clientId(), isResumed));
        lastPacketNanos = broker.nanoClock.getAsLong();
        keepAliveNanos = TimeUnit.MILLISECONDS.toNanos(connect.keepAliveSeconds() * 1_500L); // MQTT 5 [MQTT-3.1.2-22]
        if (admission.validUntil() != null) {
            long millis = Math.max(
                    0, Duration.between(Instant.now(), admission.validUntil()).toMillis());
            admissionEnd = loop.eventLoop()
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
                version.toString(),
                Instant.now());
        client = connected;
        broker.beginning.remove(context.channel());
        neighbours.add(this, checkKeepAlive(lastPacketNanos));
        broker.presence.connected(connected);
    }

    /** Serves the client: what the session has for it, then what it has sent meanwhile. */
    void begin() {
        if (state == State.CONNECTED) {
            session().resume();
            resumeReading();
        }
    }

    // Netty's events

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        this.context = context;
        output = new Output(context, broker.unsent, this::onWritable);
        broker.beginning.add(context.channel());
        connectDeadline =
                loop.eventLoop().schedule(this::onConnectDeadline, CONNECT_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Takes {@code message}. */
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var arrived = (ByteBuf) message;
        try {
            if (state == State.CLOSING) {
                return;
            }
            if (isPaused || isDecoding || state == State.LOGGING_IN) {
                var bytes = neighbours.arrivedBytes().layOut(undecoded, arrived, context.alloc());
                hold(neighbours.arrivedBytes().putBack(bytes, true, context.alloc()));
            } else {
                decode(arrived);
            }
        } finally {
            arrived.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        loop.mayEndTurn();
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
        packetDeadline = cancel(packetDeadline);
        admissionEnd = cancel(admissionEnd);
        if (authentication != null) {
            authentication.stop();
        }
        output.release();
        releaseUndecoded();
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

    // Reading

    /** Borrows {@code arrived}, what the network has brought, if it has, and decodes it behind what was left. */
    private void decode(@Nullable ByteBuf arrived) {
        var earlier = undecoded;
        if (isDecoding || arrived == null && earlier == null) {
            return;
        }
        isDecoding = true;
        undecoded = null;
        long publishes = messagesIn + refused;
        long packetsBefore = packetCount;
        var arrivedBytes = neighbours.arrivedBytes();
        var bytes = arrivedBytes.layOut(earlier, arrived, context.alloc());
        boolean isTurnOver = false;
        try {
            isTurnOver = decodeAll(bytes);
        } catch (RuntimeException fault) {
            fail(fault);
        } finally {
            isDecoding = false;
            hold(arrivedBytes.putBack(bytes, state != State.CLOSING, context.alloc()));
        }
        if (undecoded != null && packetDeadline == null && state != State.LOGGING_IN) {
            awaitPacket();
        }
        if (packetCount != packetsBefore) {
            lastPacketNanos = broker.nanoClock.getAsLong();
        }
        if (state == State.CONNECTED) {
            slowDown(messagesIn + refused - publishes, isTurnOver);
        }
    }

    /** @return whether there may be more to decode, and others are to have their turn before */
    private boolean decodeAll(ByteBuf bytes) {
        long last = loop.counters().deliveries() + DELIVERIES_A_TURN;
        while (isExpectingPackets()) {
            var packet = decoder.decode(bytes);
            if (packet == null) {
                return false;
            }
            packetCount++;
            onPacket(packet);
            if (loop.counters().deliveries() > last) {
                return bytes.isReadable();
            }
        }
        return false;
    }

    private boolean isExpectingPackets() {
        return state == State.CONNECTED || state == State.NEW || state == State.AUTHENTICATING;
    }

    private void awaitPacket() {
        long packetsSoFar = packetCount;
        packetDeadline = loop.eventLoop()
                .schedule(
                        () -> {
                            packetDeadline = null;
                            if (undecoded == null || isPaused) {
                                return;
                            }
                            if (packetCount == packetsSoFar) {
                                disconnect(ReasonCode.MALFORMED_PACKET, Incident.Reason.MALFORMED_PACKET);
                            } else {
                                awaitPacket();
                            }
                        },
                        PACKET_DEADLINE.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    /** Takes {@code rest}, and ends the connection if all of them hold too much by that. */
    private void hold(@Nullable ByteBuf rest) {
        undecoded = rest;
        if (!countHeld(rest == null ? 0 : rest.capacity())) {
            end(ReasonCode.SERVER_BUSY, Incident.Reason.PACKET_TOO_LARGE, "unfinished packets of all clients together");
        }
    }

    private boolean countHeld(int bytes) {
        int before = heldBytes;
        heldBytes = bytes;
        return (session == null ? broker.heldByStrangers : broker.heldByClients).resize(before, bytes);
    }

    private void releaseUndecoded() {
        var left = undecoded;
        if (left != null) {
            undecoded = null;
            left.release();
        }
        countHeld(0);
    }

    /** Stops reading for as long as the tenant is ahead of its rate, another loop behind with our messages, or others wait. */
    private void slowDown(long publishes, boolean isTurnOver) {
        long pauseNanos = publishes == 0 ? 0 : space().countPublished(publishes);
        if (pauseNanos > 0) {
            pauseReading();
            loop.eventLoop().schedule(this::resumeReading, pauseNanos, TimeUnit.NANOSECONDS);
        } else if (publishes > 0 && loop.isCongested()) {
            pauseReading();
            loop.whenUncongested(this::resumeReading);
        } else if (isTurnOver) {
            pauseReading();
            loop.eventLoop().execute(this::resumeReading);
        }
    }

    private void pauseReading() {
        isPaused = true;
        context.channel().config().setAutoRead(false);
    }

    private void resumeReading() {
        if (!isExpectingPackets()) {
            return;
        }
        isPaused = false;
        lastPacketNanos = broker.nanoClock.getAsLong(); // the client was not silent, we were deaf
        decode(null);
        if (!isPaused && isExpectingPackets()) {
            context.channel().config().setAutoRead(true);
        }
    }

    // Packets

    private void onPacket(Packet packet) {
        if (state == State.AUTHENTICATING && !mayComeDuringLogIn(packet)) {
            violation(ReasonCode.PROTOCOL_ERROR, "neither AUTH nor DISCONNECT before CONNACK [MQTT-3.1.2-30]");
        } else if (packet instanceof Publish publish) {
            onPublish(publish);
        } else if (packet instanceof Packet.Puback puback) {
            session().onPuback(puback.packetId());
        } else if (packet instanceof Packet.Pubrec pubrec) {
            onPubrec(pubrec);
        } else if (packet instanceof Packet.Pubrel pubrel) {
            onPubrel(pubrel.packetId());
        } else if (packet instanceof Packet.Pubcomp pubcomp) {
            session().onPubcomp(pubcomp.packetId());
        } else if (packet instanceof Packet.Pingreq) {
            MqttEncoder.pingresp(output.next(loop));
        } else if (packet instanceof Subscribe subscribe) {
            onSubscribe(subscribe);
        } else if (packet instanceof Unsubscribe unsubscribe) {
            onUnsubscribe(unsubscribe);
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
        version = connect.version();
        maxPacketBytesOut = connect.maximumPacketSize();
        state = State.LOGGING_IN;
        pauseReading();
        new LogIn(this, broker, connect).begin();
    }

    private static boolean mayComeDuringLogIn(Packet packet) {
        return packet instanceof Packet.Auth || packet instanceof Disconnect || packet instanceof Malformed;
    }

    /** MQTT 5 §4.12, §4.12.1. */
    private void onAuth(Packet.Auth auth) {
        var authentication = this.authentication;
        if (authentication == null) {
            violation(ReasonCode.PROTOCOL_ERROR, "AUTH without an Authentication Method in CONNECT [MQTT-4.12.0-7]");
        } else if (auth.method() == null) {
            violation(ReasonCode.PROTOCOL_ERROR, "AUTH without an Authentication Method [MQTT 5 §3.15.2.2.2]");
        } else if (!auth.method().equals(authentication.method())) {
            // DISCONNECT has no code for it
            violation(
                    state == State.CONNECTED ? ReasonCode.PROTOCOL_ERROR : ReasonCode.BAD_AUTHENTICATION_METHOD,
                    "AUTH with another method than CONNECT [MQTT-4.12.0-5]");
        } else if (auth.reason() == Packet.Auth.CONTINUE && authentication.isClientsTurn()) {
            if (state == State.AUTHENTICATING) {
                state = State.LOGGING_IN;
                pauseReading();
            }
            authentication.next(auth.data());
        } else if (auth.reason() == Packet.Auth.RE_AUTHENTICATE
                && state == State.CONNECTED
                && !authentication.isRunning()) {
            authentication.begin(auth.data(), this::onReAuthenticated);
            authentication.expectWithin(
                    CONNECT_DEADLINE.toMillis(),
                    () -> end(ReasonCode.NOT_AUTHORIZED, Incident.Reason.KEEP_ALIVE_TIMEOUT, UNFINISHED_LOG_IN));
        } else {
            violation(ReasonCode.PROTOCOL_ERROR, "AUTH with reason " + auth.reason() + ", out of turn");
        }
    }

    private void onReAuthenticated(EnhancedAuthentication.Step.Done done) {
        if (state != State.CONNECTED) {
            return;
        }
        if (done.answer() instanceof LoginAnswer.Admitted admitted) {
            var admission = admitted.admission();
            if (admission.tenant().equals(space().id())
                    && admission.credential().equals(session().credential())) {
                auth(ReasonCode.SUCCESS, Objects.requireNonNull(authentication).method(), done.data());
            } else {
                violation(ReasonCode.NOT_AUTHORIZED, "authenticated anew as somebody else");
            }
        } else if (done.answer() instanceof LoginAnswer.Refused refused) {
            if (refused.reason() == LoginAnswer.Reason.UNAVAILABLE) {
                disconnect(ReasonCode.SERVER_BUSY, refused.reason().incident());
            } else if (broker.failedLogins.mayAnswer(
                    remoteAddress.getAddress(), space().slug() + "." + session().credentialName())) {
                disconnect(ReasonCode.NOT_AUTHORIZED, refused.reason().incident());
            } else {
                report(Incident.Reason.TOO_MANY_FAILED_LOGINS, null);
                leaveSession(true);
                close();
            }
        }
    }

    private void onPublish(Publish publish) {
        var session = session();
        if (publish.qos() == QoS.EXACTLY_ONCE) {
            if (session.isUnreleased(publish.packetId())) {
                acknowledge(MqttMessageType.PUBREC, publish.packetId(), ReasonCode.SUCCESS);
                return;
            }
            if (session.unreleasedCount() >= RECEIVE_MAXIMUM && version.isMqtt5()) {
                end(
                        ReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
                        Incident.Reason.RECEIVE_MAXIMUM_EXCEEDED,
                        "at most " + RECEIVE_MAXIMUM + " unreleased messages [MQTT-3.3.4-9]");
                return;
            }
        }
        var permission = permissionFor(publish.topic(), session.policy());
        answer(publish, broker.publishing.publish(space(), session, publish, permission, remoteIp));
    }

    private PublishAnswer permissionFor(TopicName topic, AccessPolicy policy) {
        var answers = this.answers;
        if (answers == null) {
            answers = new Answer[KNOWN_ANSWERS];
            this.answers = answers;
        }
        int slot = topic.hashCode() & KNOWN_ANSWERS - 1;
        var known = answers[slot];
        if (known != null && known.policy == policy && known.topic.equals(topic)) {
            return known.publish;
        }
        var found = policy.publish(topic);
        answers[slot] = new Answer(topic, policy, found);
        return found;
    }

    private void answer(Publish publish, Outcome outcome) {
        if (outcome instanceof Outcome.Accepted) {
            messagesIn++;
            bytesIn += publish.payload().length;
            accept(publish);
        } else if (outcome instanceof Outcome.Refused refusal) {
            refused++;
            if (!version.isMqtt5()) {
                accept(publish); // MQTT 3.1.1 §3.3.5: acknowledged all the same
            } else if (publish.qos() != QoS.AT_MOST_ONCE) {
                refuse(publish, refusal);
            }
        } else if (outcome instanceof Outcome.Violation violation) {
            violation(violation.reason(), violation.detail());
        }
    }

    private void accept(Publish publish) {
        switch (publish.qos()) {
            case AT_MOST_ONCE -> {}
            case AT_LEAST_ONCE -> acknowledge(MqttMessageType.PUBACK, publish.packetId(), ReasonCode.SUCCESS);
            case EXACTLY_ONCE -> {
                session().receive(publish.packetId());
                acknowledge(MqttMessageType.PUBREC, publish.packetId(), ReasonCode.SUCCESS);
            }
        }
    }

    private void refuse(Publish publish, Outcome.Refused refusal) {
        var type = publish.qos() == QoS.AT_LEAST_ONCE ? MqttMessageType.PUBACK : MqttMessageType.PUBREC;
        var text = refusal.reasonString();
        if (text != null && wantsReasonStrings && mayBeAsLongAs(text.length() * 3L + 16)) {
            MqttEncoder.refusal(output.next(loop), type, publish.packetId(), refusal.reason(), text);
        } else {
            acknowledge(type, publish.packetId(), refusal.reason());
        }
    }

    private boolean mayBeAsLongAs(long bytes) {
        return bytes <= maxPacketBytesOut;
    }

    private void onPubrec(Packet.Pubrec pubrec) {
        boolean isRefusal = pubrec.reason() >= ReasonCode.UNSPECIFIED_ERROR.value();
        boolean isKnown = session().onPubrec(pubrec.packetId(), isRefusal);
        if (!isRefusal) {
            acknowledge(
                    MqttMessageType.PUBREL,
                    pubrec.packetId(),
                    isKnown ? ReasonCode.SUCCESS : ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
        }
    }

    private void onPubrel(int packetId) {
        boolean isKnown = session().release(packetId);
        acknowledge(
                MqttMessageType.PUBCOMP,
                packetId,
                isKnown ? ReasonCode.SUCCESS : ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
    }

    private void onSubscribe(Subscribe packet) {
        if (!mayBeAsLongAs(
                MqttEncoder.acknowledgementListBytes(version, packet.requests().size()))) {
            end(ReasonCode.PACKET_TOO_LARGE, Incident.Reason.PACKET_TOO_LARGE, "SUBACK, for this client");
            return;
        }
        var subscribing = new Subscribing(space(), session(), remoteIp(), broker.incidents);
        subscribing.subscribe(packet);
        refused += subscribing.refusedCount();
        var text = subscribing.reasonString();
        boolean say = text != null
                && wantsReasonStrings
                && text.length() < 1_000
                && mayBeAsLongAs(text.length() * 3L + 16 + subscribing.reasons().size());
        MqttEncoder.suback(output.next(loop), version, packet.packetId(), subscribing.reasons(), say ? text : null);
        subscribing.bringRetained();
    }

    private void onUnsubscribe(Unsubscribe packet) {
        if (!mayBeAsLongAs(
                MqttEncoder.acknowledgementListBytes(version, packet.filters().size()))) {
            end(ReasonCode.PACKET_TOO_LARGE, Incident.Reason.PACKET_TOO_LARGE, "UNSUBACK, for this client");
            return;
        }
        var reasons = new ArrayList<ReasonCode>(packet.filters().size());
        for (var text : packet.filters()) {
            var filter = TopicFilter.parse(text);
            reasons.add(
                    filter == null
                            ? ReasonCode.TOPIC_FILTER_INVALID
                            : space().unsubscribe(session(), filter)
                                    ? ReasonCode.SUCCESS
                                    : ReasonCode.NO_SUBSCRIPTION_EXISTED);
        }
        MqttEncoder.unsuback(output.next(loop), version, packet.packetId(), reasons);
    }

    private void onDisconnect(Disconnect disconnect) {
        if (session == null) {
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

    private void violation(ReasonCode reason, String detail) {
        end(reason, Incident.Reason.PROTOCOL_ERROR, detail);
    }

    private void acknowledge(MqttMessageType type, int packetId, ReasonCode reason) {
        MqttEncoder.acknowledgement(output.next(loop), version, type, packetId, reason);
    }

    // What the session sends

    @Override
    public boolean isWritable() {
        return output.isWritable();
    }

    @Override
    public boolean publish(
            Publish message, QoS qos, boolean dup, boolean retain, int packetId, int @Nullable [] subscriptionIds) {
        boolean expires = version.isMqtt5() && message.expiresAtNanos() != Publish.NEVER;
        long expiry = expires ? message.remainingSeconds(broker.nanoClock.getAsLong()) : MessageProperties.NEVER;
        long spareBytes = maxPacketBytesOut == Long.MAX_VALUE
                ? Long.MAX_VALUE
                : maxPacketBytesOut - PublishEncoder.packetBytes(version, message, qos, subscriptionIds, expiry);
        if (spareBytes < 0) {
            return false;
        }
        int known = givenAliases.known(message.topic());
        boolean mayGive = known == 0 && spareBytes >= GivenAliases.MOST_BYTES;
        int alias = mayGive ? givenAliases.give(message.topic()) : known;
        var encoder = neighbours.publishEncoder();
        encoder.encode(version, message, qos, dup, retain, alias, known == 0, subscriptionIds, expiry);
        encoder.writeTo(output.next(loop), packetId);
        if (PublishEncoder.isPayloadShared(message)) {
            output.append(neighbours.sharedPayload(message, context.alloc()));
        }
        int payloadBytes = message.payload().length;
        messagesOut++;
        bytesOut += payloadBytes;
        loop.counters().countOut(payloadBytes);
        return true;
    }

    @Override
    public void pubrel(int packetId) {
        acknowledge(MqttMessageType.PUBREL, packetId, ReasonCode.SUCCESS);
    }

    @Override
    public void fail(RuntimeException cause) {
        log.error("Connection of {} is closed after a fault in the engine", this, cause);
        end(ReasonCode.UNSPECIFIED_ERROR, Incident.Reason.INTERNAL_ERROR, null);
    }

    // The end

    @Override
    public void disconnect(ReasonCode reason, Incident.Reason why) {
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
            if (version.isMqtt5()) {
                MqttEncoder.disconnect(output.next(loop), ReasonCode.SERVER_SHUTTING_DOWN, null);
            }
            leaveSession(false);
        }
        close();
        return context.channel().closeFuture();
    }

    /** Tells an MQTT 5 client why, leaves the session with its Will, and closes. */
    private void end(ReasonCode reason, Incident.Reason why, @Nullable String detail) {
        if (state == State.CLOSING) {
            return;
        }
        report(why, detail);
        if (state == State.NEW && decoder.isMqtt5()) {
            // a CONNECT that is wrong in its later part: its version is known, so its author can be told
            MqttEncoder.connack(output.next(loop), ProtocolVersion.MQTT_5, Connack.refused(reason, detail));
        } else if (version.isMqtt5()) {
            var text = wantsReasonStrings && detail != null && mayBeAsLongAs(detail.length() * 3L + 16) ? detail : null;
            if (state == State.CONNECTED) {
                MqttEncoder.disconnect(output.next(loop), reason, text);
            } else if (state == State.LOGGING_IN || state == State.AUTHENTICATING) {
                refuse(Connack.refused(reason, null));
            }
        }
        leaveSession(true);
        close();
    }

    private void report(Incident.Reason why, @Nullable String detail) {
        var session = this.session;
        broker.report(new Incident(
                Instant.now(),
                Incident.Kind.CONNECTION,
                why,
                space == null ? null : space.id(),
                session == null ? null : session.credentialName(),
                session == null ? null : session.clientId(),
                remoteIp(),
                null,
                detail));
    }

    private void leaveSession(boolean withWill) {
        var session = this.session;
        if (session != null && session.outbound() == this) {
            broker.keeper.leave(space(), session, withWill);
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
        countOut();
        if (!isDecoding) {
            releaseUndecoded();
        }
        context.channel().config().setAutoRead(true); // to see the end of the other direction
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
        if (isPaused) {
            return nowNanos + keepAliveNanos;
        }
        long dueNanos = lastPacketNanos + keepAliveNanos;
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
        var session = session();
        var sample = new UsageSample(
                space().id(), session.credential(), messagesIn, bytesIn, messagesOut, bytesOut, refused);
        messagesIn = 0;
        bytesIn = 0;
        messagesOut = 0;
        bytesOut = 0;
        refused = 0;
        return sample;
    }

    private Session session() {
        return Objects.requireNonNull(session, "no client is accepted");
    }

    private TenantSpace space() {
        return Objects.requireNonNull(space, "no client is accepted");
    }

    /** Who it is, for the log. */
    @Override
    public String toString() {
        var session = this.session;
        return session == null
                ? remoteIp()
                : space().slug() + "." + session.credentialName() + " (" + session.clientId() + ") from " + remoteIp();
    }
}
