package dev.dunlin.engine.connection;

import dev.dunlin.engine.access.AccessPolicy;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.port.AccessChange;
import dev.dunlin.engine.port.AccessChange.CredentialRevoked.Why;
import dev.dunlin.engine.port.Admission;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.tenant.TenantSpaces;
import io.netty.util.concurrent.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of sessions: opened, resumed, taken over, left, expired, and touched by changes of access. Every method but
 * {@link #apply} runs on the home loop of the session it is about.
 */
final class SessionKeeper {
    private static final Logger log = LoggerFactory.getLogger(SessionKeeper.class);

    /** What runs for a session while its client is away. */
    private static final class Absence {
        @Nullable
        Future<?> expiry;

        @Nullable
        Future<?> will;

        void cancel() {
            if (expiry != null) {
                expiry.cancel(false);
            }
            if (will != null) {
                will.cancel(false);
            }
        }
    }

    /** @param isResumed whether state was found: Session Present of CONNACK */
    record Opened(Session session, boolean isResumed) {}

    private final TenantSpaces spaces;
    private final Publishing publishing;
    private final List<SessionLoop> loops;

    /** By index of the loop; each map is that loop's. */
    private final List<Map<Session, Absence>> absences;

    SessionKeeper(List<SessionLoop> loops, TenantSpaces spaces, Publishing publishing) {
        this.loops = loops;
        this.spaces = spaces;
        this.publishing = publishing;
        this.absences = loops.stream()
                .<Map<Session, Absence>>map(loop -> new HashMap<>())
                .toList();
    }

    /**
     * Starts or resumes the session of {@code clientId}, and ends the connection that has it now, if one has. With Clean
     * Start the earlier session is discarded first (MQTT 5 [MQTT-3.1.2-4]), and so it is if it belongs to another
     * credential, which shall inherit nothing.
     *
     * @return null if the tenant has as many sessions as it may
     */
    @Nullable
    Opened open(TenantSpace space, SessionLoop home, String clientId, boolean cleanStart, Admission admission) {
        var earlier = space.sessionsOn(home).get(clientId);
        if (earlier != null) {
            disconnect(earlier, ReasonCode.SESSION_TAKEN_OVER, Incident.Reason.TAKEN_OVER);
            // which has ended a session that does not outlive its connection
            boolean isLeft = space.sessionsOn(home).get(clientId) == earlier;
            boolean isOwn = earlier.credential().equals(admission.credential());
            if (isLeft && (cleanStart || !isOwn)) {
                end(space, earlier);
            } else if (isLeft) {
                endAbsence(earlier, false);
                space.replaceAccess(earlier, admission.access());
                return new Opened(earlier, true);
            }
        }
        var policy = AccessPolicy.compile(admission.access(), clientId, admission.credentialName());
        var session = new Session(home, space, admission.credential(), admission.credentialName(), clientId, policy);
        return space.add(session) ? new Opened(session, false) : null;
    }

    /**
     * The client of {@code session} is gone.
     *
     * @param withWill whether its Will is due, at once or after its delay
     */
    void leave(TenantSpace space, Session session, boolean withWill) {
        session.detach();
        var will = session.will();
        if (will == null || !withWill) {
            session.will(null);
        }
        long expiry = session.expirySeconds();
        if (expiry == 0) {
            end(space, session);
            return;
        }
        var loop = session.home().eventLoop();
        var absence = new Absence();
        if (!session.neverExpires()) {
            absence.expiry = loop.schedule(() -> end(space, session), expiry, TimeUnit.SECONDS);
        }
        if (will != null && withWill) {
            if (will.delaySeconds() == 0) {
                publishWill(space, session);
            } else if (will.delaySeconds() < expiry) {
                absence.will = loop.schedule(() -> publishWill(space, session), will.delaySeconds(), TimeUnit.SECONDS);
            } // else it is due when the session ends (MQTT 5 §3.1.2.5)
        }
        absencesOn(session.home()).put(session, absence);
    }

    /** Ends a session for good; its Will, if still due, is published first (MQTT 5 [MQTT-3.1.2-8]). */
    private void end(TenantSpace space, Session session) {
        endAbsence(session, true);
        publishWill(space, session);
        space.remove(session);
        spaces.dropIfEmpty(space);
    }

    /** Stops the timers of an absence; unless the session is ending, its Will is not due any more (MQTT 5 §3.1.2.5). */
    private void endAbsence(Session session, boolean isEnding) {
        var absence = absencesOn(session.home()).remove(session);
        if (absence != null) {
            absence.cancel();
        }
        if (!isEnding) {
            session.will(null);
        }
    }

    private void publishWill(TenantSpace space, Session session) {
        var will = session.will();
        if (will != null) {
            session.will(null);
            try {
                publishing.publishWill(space, session, will);
            } catch (RuntimeException fault) {
                // whoever ends a session or a connection has more to do after its Will
                log.error("The Will of {}.{} failed", space.slug(), session.credentialName(), fault);
            }
        }
    }

    private Map<Session, Absence> absencesOn(SessionLoop loop) {
        return absences.get(loop.index());
    }

    // Changes of access

    /** Applies a change to all sessions it concerns. Any thread; returns at once. */
    void apply(AccessChange change) {
        var space = spaces.find(change.tenant());
        if (space == null) {
            return;
        }
        if (change instanceof AccessChange.LimitsReplaced replaced) {
            space.limits(replaced.limits());
            return;
        }
        for (var loop : loops) {
            try {
                loop.eventLoop().execute(() -> apply(change, space, loop));
            } catch (RejectedExecutionException shuttingDown) {
                return;
            }
        }
    }

    /** Applies a change to the sessions of one loop, on that loop. */
    void apply(AccessChange change, TenantSpace space, SessionLoop loop) {
        for (var session : List.copyOf(space.sessionsOn(loop).values())) {
            if (change instanceof AccessChange.AccessReplaced replaced) {
                if (session.credential().equals(replaced.credential())
                        && replaced.access().version() > session.policy().version()) {
                    space.replaceAccess(session, replaced.access());
                }
            } else if (change instanceof AccessChange.CredentialRevoked revoked) {
                if (session.credential().equals(revoked.credential())) {
                    revoke(space, session, revoked.why());
                }
            } else if (change instanceof AccessChange.TenantSuspended) {
                dropWill(session);
                disconnect(session, ReasonCode.ADMINISTRATIVE_ACTION, Incident.Reason.TENANT_SUSPENDED);
            } else if (change instanceof AccessChange.TenantDeleted) {
                dropWill(session);
                disconnect(session, ReasonCode.ADMINISTRATIVE_ACTION, Incident.Reason.TENANT_SUSPENDED);
                end(space, session);
            }
        }
        if (change instanceof AccessChange.TenantDeleted) {
            spaces.forget(space);
        }
    }

    private void revoke(TenantSpace space, Session session, Why why) {
        if (why != Why.ROTATED) {
            dropWill(session); // a Will does not outlive the right it came from
        }
        var reason = switch (why) {
            case DELETED -> Incident.Reason.CREDENTIAL_DELETED;
            case DISABLED -> Incident.Reason.CREDENTIAL_DISABLED;
            case EXPIRED -> Incident.Reason.CREDENTIAL_EXPIRED;
            case ROTATED -> Incident.Reason.CREDENTIAL_ROTATED;
        };
        disconnect(session, ReasonCode.NOT_AUTHORIZED, reason);
        if (why == Why.DELETED) {
            end(space, session);
        }
    }

    private static void dropWill(Session session) {
        session.will(null);
    }

    private static void disconnect(Session session, ReasonCode reason, Incident.Reason why) {
        var connection = session.outbound();
        if (connection != null) {
            connection.disconnect(reason, why);
        }
    }
}
