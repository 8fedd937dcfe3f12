package dev.dunlin.engine.connection;

import dev.dunlin.engine.access.AccessPolicy;
import dev.dunlin.engine.codec.MqttDecoder;
import dev.dunlin.engine.codec.MqttEncoder.Connack;
import dev.dunlin.engine.packet.Packet.Connect;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.port.AccessChange;
import dev.dunlin.engine.port.Admission;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Login;
import dev.dunlin.engine.port.LoginAnswer;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.tenant.TenantSpace;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * From CONNECT to CONNACK, in this order: authenticate, authorise, check limits; only then is a session looked at. The
 * connection reads nothing meanwhile, and moves to the home loop of its session on the way.
 */
final class LogIn {
    private static final int MAX_CLIENT_ID_BYTES = 1_024;
    private static final LoginAnswer UNAVAILABLE = new LoginAnswer.Refused(LoginAnswer.Reason.UNAVAILABLE, null, null);
    private static final String IN_DISPUTE = "several clients with this client id throw each other out in turn";
    private static final int ASSIGNED_ID_LENGTH = 22;
    private static final String ID_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Connection connection;
    private final Broker broker;
    private final Connect connect;
    private @Nullable Authentication authentication;

    LogIn(Connection connection, Broker broker, Connect connect) {
        this.connection = connection;
        this.broker = broker;
        this.connect = connect;
    }

    /** On the connection's loop, as all of this class is. */
    void begin() {
        if (!isClientIdAcceptable()) {
            refuse(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, Incident.Reason.CLIENT_ID_INVALID, null, null);
            return;
        }
        var login = new Login(
                connect.version().toString(),
                connect.userName(),
                connect.password(),
                connect.clientId(),
                connection.remoteAddress(),
                connection.transport(),
                connection.certificate());
        var method = connect.authenticationMethod();
        if (method == null) {
            broker.ask(connection, () -> broker.authenticator.authenticate(login), UNAVAILABLE, this::onAnswer);
            return;
        }
        var enhanced = new Authentication(connection, broker, method, login);
        authentication = enhanced;
        connection.authenticateWith(enhanced);
        if (!enhanced.begin(connect.authenticationData(), done -> onAnswer(done.answer()))) {
            refuse(ReasonCode.BAD_AUTHENTICATION_METHOD, Incident.Reason.AUTHENTICATION_METHOD_UNKNOWN, null, null);
        }
    }

    /** The rules on an empty Client Identifier: MQTT 3.1 §3.1, MQTT 3.1.1 [MQTT-3.1.3-7], MQTT 5 [MQTT-3.1.3-6]. */
    private boolean isClientIdAcceptable() {
        var clientId = connect.clientId();
        if (clientId.isEmpty()) {
            return switch (connect.version()) {
                case MQTT_3_1 -> false;
                case MQTT_3_1_1 -> connect.cleanStart();
                case MQTT_5 -> true;
            };
        }
        return clientId.getBytes(StandardCharsets.UTF_8).length <= MAX_CLIENT_ID_BYTES;
    }

    private void onAnswer(LoginAnswer answer) {
        if (!connection.isLoggingIn()) {
            return; // the client did not wait
        }
        if (answer instanceof LoginAnswer.Refused refused) {
            onRefused(refused);
        } else if (answer instanceof LoginAnswer.Admitted admitted) {
            admit(admitted.admission());
        }
    }

    private void onRefused(LoginAnswer.Refused refused) {
        var code = switch (refused.reason()) {
            case BAD_USER_NAME_OR_PASSWORD, UNKNOWN_CREDENTIAL, UNKNOWN_CERTIFICATE, SECRET_WITHOUT_SCRAM ->
                ReasonCode.BAD_USER_NAME_OR_PASSWORD;
            case AUTHENTICATION_DATA_INVALID,
                    CERTIFICATE_EXPIRED,
                    CERTIFICATE_NOT_YET_VALID,
                    CREDENTIAL_DISABLED,
                    CREDENTIAL_EXPIRED,
                    CLIENT_ID_NOT_ALLOWED,
                    TENANT_SUSPENDED -> ReasonCode.NOT_AUTHORIZED;
            case UNAVAILABLE -> ReasonCode.SERVER_UNAVAILABLE;
        };
        // Nor may anyone guess the faster because nobody can say what is right just now
        boolean isGuess = code == ReasonCode.BAD_USER_NAME_OR_PASSWORD
                || refused.reason() == LoginAnswer.Reason.UNAVAILABLE && refused.tenant() != null;
        if (isGuess && !broker.failedLogins.mayAnswer(connection.remoteAddress().getAddress(), userName(refused))) {
            report(Incident.Reason.TOO_MANY_FAILED_LOGINS, refused.tenant(), refused.credential(), null);
            connection.close();
            return;
        }
        refuse(code, refused.reason().incident(), refused.tenant(), refused.credential());
    }

    /** What the client is called, if it has said so: here or in an enhanced authentication. */
    private @Nullable String userName(LoginAnswer.Refused refused) {
        return connect.userName() != null ? connect.userName() : refused.credential();
    }

    private void admit(Admission admission) {
        var space = broker.spaces.enter(admission.tenant(), admission.tenantSlug(), admission.limits());
        if (space.loaded().isDone()) {
            onLoaded(space, admission);
            return;
        }
        space.loaded().whenComplete((done, failure) -> {
            try {
                connection.runOnLoop(() -> onLoaded(space, admission));
            } catch (RejectedExecutionException shuttingDown) {
                broker.spaces.leave(space);
            }
        });
    }

    /** What the store has of the tenant is here, or could not be had. */
    private void onLoaded(TenantSpace space, Admission admission) {
        if (!connection.isLoggingIn()) {
            broker.spaces.leave(space); // the client did not wait
        } else if (space.loaded().isCompletedExceptionally()) {
            broker.spaces.leave(space);
            refuse(
                    ReasonCode.SERVER_UNAVAILABLE,
                    Incident.Reason.SERVER_UNAVAILABLE,
                    admission.tenant(),
                    admission.credentialName());
        } else {
            goHome(space, admission);
        }
    }

    private void goHome(TenantSpace space, Admission admission) {
        var loop = connection.loop();
        boolean isAssigned = connect.clientId().isEmpty();
        var clientId = isAssigned ? assignClientId(admission.tenant(), loop) : connect.clientId();
        var home = broker.homeOf(admission.tenant(), clientId);
        if (home == loop) {
            enterInTurn(space, home, clientId, admission);
        } else {
            connection.moveTo(
                    home, () -> enterInTurn(space, home, clientId, admission), () -> broker.spaces.leave(space));
        }
    }

    /** On the home loop. Where another connection would have to go, at once only if that has not happened again and again. */
    private void enterInTurn(TenantSpace space, SessionLoop home, String clientId, Admission admission) {
        if (!broker.keeper.isOnline(space, home, clientId)) {
            enter(space, home, clientId, admission);
            return;
        }
        broker.takeOvers.get(home.index()).queue(admission.tenant(), clientId, new TakeOvers.Newcomer() {
            @Override
            public void enter() {
                if (connection.isLoggingIn()) {
                    LogIn.this.enter(space, home, clientId, admission);
                } else {
                    broker.spaces.leave(space);
                }
            }

            @Override
            public void giveWay() {
                connection.refuse(Connack.refused(ReasonCode.SERVER_BUSY, IN_DISPUTE));
                broker.spaces.leave(space);
            }

            @Override
            public void reportDispute() {
                report(Incident.Reason.CLIENT_ID_IN_DISPUTE, admission.tenant(), admission.credentialName(), null);
            }
        });
    }

    /** On the home loop. A fault closes this connection, and leaves it counted in nowhere. */
    private void enter(TenantSpace space, SessionLoop home, String clientId, Admission admission) {
        try {
            open(space, home, clientId, admission);
        } catch (RuntimeException fault) {
            if (!connection.isAccepted()) {
                broker.spaces.leave(space);
            }
            connection.fail(fault);
        }
    }

    /** A random one whose home is here, so that the connection can stay. */
    private String assignClientId(TenantId tenant, SessionLoop loop) {
        while (true) {
            var id = new StringBuilder(ASSIGNED_ID_LENGTH);
            for (int i = 0; i < ASSIGNED_ID_LENGTH; i++) {
                id.append(ID_CHARACTERS.charAt(RANDOM.nextInt(ID_CHARACTERS.length())));
            }
            var clientId = id.toString();
            if (broker.homeOf(tenant, clientId) == loop) {
                return clientId;
            }
        }
    }

    /** On the home loop. */
    private void open(TenantSpace space, SessionLoop home, String clientId, Admission admission) {
        if (!connection.takes(connack(space, clientId, false))) {
            report(
                    Incident.Reason.PACKET_TOO_LARGE,
                    admission.tenant(),
                    admission.credentialName(),
                    "the client's Maximum Packet Size of " + connect.maximumPacketSize() + ", which CONNACK exceeds");
            connection.refuse(Connack.refused(ReasonCode.PACKET_TOO_LARGE, null));
            broker.spaces.leave(space);
            return;
        }
        if (space.hasTooManyConnections() && !broker.keeper.isOnline(space, home, clientId)) {
            refuseOverLimit(
                    Incident.Reason.TOO_MANY_CONNECTIONS,
                    admission,
                    "at most " + space.limits().connections() + " connections of the tenant");
            broker.spaces.leave(space);
            return;
        }
        var opened = broker.keeper.open(space, home, clientId, connect.cleanStart(), admission);
        if (opened == null) {
            refuseOverLimit(
                    Incident.Reason.TOO_MANY_SESSIONS,
                    admission,
                    "at most " + space.limits().sessions() + " sessions of the tenant");
            broker.spaces.leave(space);
            return;
        }
        var session = opened.session();
        session.will(connect.will());
        var serving = connection.toServe(connect, space, session);
        session.attach(serving, connect.receiveMaximum(), connect.sessionExpirySeconds());
        session.keep();
        reportUselessWill(session.policy(), admission, clientId);
        connection.onAccepted(connect, serving, admission, connack(space, clientId, opened.isResumed()));
        var missed = broker.accessChanges.missedSince(admission);
        if (missed instanceof AccessChange.LimitsReplaced replaced) {
            space.limits(replaced.limits());
        } else if (missed != null) {
            broker.keeper.apply(missed, space, home);
        }
        connection.begin();
    }

    /** The CONNACK that lets the client in. */
    private Connack connack(TenantSpace space, String clientId, boolean isResumed) {
        long maxPacketBytes = Reading.maxPacketBytes(space);
        return new Connack(
                isResumed,
                ReasonCode.SUCCESS,
                null,
                connect.clientId().isEmpty() ? clientId : null,
                Serving.RECEIVE_MAXIMUM,
                maxPacketBytes < Reading.MAX_PACKET_BYTES ? maxPacketBytes : 0,
                MqttDecoder.TOPIC_ALIAS_MAXIMUM,
                authentication == null ? null : authentication.method(),
                authentication == null ? null : authentication.lastData());
    }

    /** A Will that will not be published is no reason to keep a device out, but one to tell its owner at once. */
    private void reportUselessWill(AccessPolicy policy, Admission admission, String clientId) {
        var will = connect.will();
        if (will == null) {
            return;
        }
        var answer = policy.publish(will.topic());
        var refusal = answer.refuses(will.qos(), will.retain());
        if (refusal != null) {
            broker.report(new Incident(
                    Instant.now(),
                    Incident.Kind.PUBLISH,
                    refusal,
                    admission.tenant(),
                    admission.credentialName(),
                    clientId,
                    connection.remoteIp(),
                    will.topic().toString(),
                    answer.decidedBy()));
        }
    }

    /** MQTT before 5 gets "server unavailable": the client is who it says, and may come again. */
    private void refuseOverLimit(Incident.Reason reason, Admission admission, String limit) {
        report(reason, admission.tenant(), admission.credentialName(), limit);
        connection.refuse(Connack.refused(ReasonCode.QUOTA_EXCEEDED, "over the limit: " + limit));
    }

    private void refuse(
            ReasonCode code, Incident.Reason reason, @Nullable TenantId tenant, @Nullable String credential) {
        report(reason, tenant, credential, null);
        connection.refuse(Connack.refused(code, null));
    }

    private void report(
            Incident.Reason reason,
            @Nullable TenantId tenant,
            @Nullable String credential,
            @Nullable String decidedBy) {
        broker.report(new Incident(
                Instant.now(),
                Incident.Kind.CONNECT,
                reason,
                tenant,
                credential,
                connect.clientId(),
                connection.remoteIp(),
                null,
                decidedBy));
    }
}
