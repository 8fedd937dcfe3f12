package dev.dunlin.engine.connection;

import dev.dunlin.engine.access.AccessPolicy;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.port.Access;
import dev.dunlin.engine.port.AccessChange;
import dev.dunlin.engine.port.AccessChange.CredentialRevoked.Why;
import dev.dunlin.engine.port.Admission;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.tenant.TenantSpaces;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.time.Instant;
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

    /** Whether the client is connected already: then one more connection of it takes the place of that one. */
    boolean isOnline(TenantSpace space, SessionLoop home, String clientId) {
        var session = space.sessionsOn(home).get(clientId);
        return session != null && session.isOnline();
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
            boolean isOwn = earlier.credential().equals(admission.credential());
            disconnect(
                    earlier,
                    ReasonCode.SESSION_TAKEN_OVER,
                    isOwn ? Incident.Reason.TAKEN_OVER : Incident.Reason.CLIENT_ID_IN_USE_BY_OTHER_CREDENTIAL);
            // which has ended a session that does not outlive its connection
            boolean isLeft = space.sessionsOn(home).get(clientId) == earlier;
            if (isLeft && (cleanStart || !isOwn)) {
                end(space, earlier);
            } else if (isLeft) {
                endAbsence(earlier, false);
                replaceAccess(space, earlier, admission.access());
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
        if (!withWill) {
            session.will(null);
        }
        if (session.expirySeconds() == 0) {
            end(space, session);
            return;
        }
        session.giveAway((filter, message, held) -> publishing.redeliver(space, filter, message, session, true, held));
        session.keep();
        awaitClient(space, session, Instant.now());
    }

    /** As {@link #leave}, since the engine stops: what the store knows of the session is what it would know after a crash. */
    void stop(TenantSpace space, Session session) {
        session.detach();
        if (!session.isKept()) {
            session.will(null);
            end(space, session);
        }
    }

    /**
     * Waits for the client to come again, for as long as the session and its Will may wait. At a space that is let go of
     * meanwhile, only the Will remains to be waited for: its tenant is loaded anew then.
     *
     * @param since when the client went
     */
    void awaitClient(TenantSpace space, Session session, Instant since) {
        var loop = session.home().eventLoop();
        long goneMillis = Math.max(0, Duration.between(since, Instant.now()).toMillis());
        var absence = new Absence();
        if (!session.neverExpires()) {
            long expiryMillis = TimeUnit.SECONDS.toMillis(session.expirySeconds());
            absence.expiry = loop.schedule(
                    () -> whenDue(space, session, () -> end(space, session)),
                    Math.max(0, expiryMillis - goneMillis),
                    TimeUnit.MILLISECONDS);
        }
        absencesOn(session.home()).put(session, absence);
        var will = session.will();
        if (will == null) {
            return;
        }
        long delayMillis = TimeUnit.SECONDS.toMillis(will.delaySeconds());
        if (delayMillis <= goneMillis) {
            publishWill(space, session);
        } else if (will.delaySeconds() < session.expirySeconds()) {
            absence.will = loop.schedule(
                    () -> whenDue(space, session, () -> publishWill(space, session)),
                    delayMillis - goneMillis,
                    TimeUnit.MILLISECONDS);
        } // else it is due when the session ends (MQTT 5 §3.1.2.5)
    }

    private void whenDue(TenantSpace space, Session session, Runnable action) {
        if (!space.isUnloaded()) {
            action.run();
        } else if (absencesOn(session.home()).remove(session) != null && session.will() != null) {
            spaces.visit(space);
        }
    }

    /** The space is let go of: forgets its sessions, but for the hour of their Wills. */
    void unload(TenantSpace space) {
        for (var loop : loops) {
            loop.post(() -> {
                for (var session : space.sessionsOn(loop).values()) {
                    if (session.will() == null) {
                        endAbsence(session, true);
                    }
                    session.forgetMessages();
                }
            });
        }
    }

    /** Ends a session for good; its Will, if still due, is published first (MQTT 5 [MQTT-3.1.2-8]). */
    void end(TenantSpace space, Session session) {
        endAbsence(session, true);
        publishWill(space, session);
        session.giveAway((filter, message, held) -> publishing.redeliver(space, filter, message, session, false, held));
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
                session.keep(); // without the Will, once that is stored
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
                    replaceAccess(space, session, replaced.access());
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

    private void replaceAccess(TenantSpace space, Session session, Access access) {
        space.replaceAccess(
                session, access, (subscription, answer) -> publishing.reportEnded(space, subscription, answer));
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
        if (session.will() != null) {
            session.will(null);
            session.keep();
        }
    }

    private static void disconnect(Session session, ReasonCode reason, Incident.Reason why) {
        var connection = session.outbound();
        if (connection != null) {
            connection.disconnect(reason, why);
        }
    }
}
