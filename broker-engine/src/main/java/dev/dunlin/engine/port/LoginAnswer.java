package dev.dunlin.engine.port;

import org.jspecify.annotations.Nullable;

/** What became of a {@link Login}. */
public sealed interface LoginAnswer {

    /** The client may connect, with what {@code admission} grants. */
    record Admitted(Admission admission) implements LoginAnswer {}

    /**
     * The client may not connect. It learns the reason code alone; the rest is for the tenant that was named.
     *
     * @param tenant the tenant that the user name names, if it exists
     * @param credential the credential name as sent, if the user name has that form
     */
    record Refused(
            Reason reason,
            @Nullable TenantId tenant,
            @Nullable String credential) implements LoginAnswer {}

    /** Why a log-in is refused, and how each version of MQTT says it. */
    enum Reason {
        /** Unknown tenant, unknown credential, wrong secret or none; the client cannot tell which. */
        BAD_USER_NAME_OR_PASSWORD(Incident.Reason.WRONG_SECRET),
        /** As for a wrong secret to the client; the tenant is told that the secret was made before SCRAM could check it. */
        SECRET_WITHOUT_SCRAM(Incident.Reason.SECRET_WITHOUT_SCRAM),
        /** What the client said in an enhanced authentication is not of the method's form. */
        AUTHENTICATION_DATA_INVALID(Incident.Reason.AUTHENTICATION_DATA_INVALID),
        /** As for a wrong secret to the client; the tenant is told that no such credential exists. */
        UNKNOWN_CREDENTIAL(Incident.Reason.UNKNOWN_CREDENTIAL),
        /** As for a wrong secret to the client, which came with a certificate; the tenant is told that it is not one of the credential's. */
        UNKNOWN_CERTIFICATE(Incident.Reason.UNKNOWN_CERTIFICATE),
        /** The certificate is one of the credential's, and its validity is over. */
        CERTIFICATE_EXPIRED(Incident.Reason.CERTIFICATE_EXPIRED),
        /** The certificate is one of the credential's, and its validity is yet to begin. */
        CERTIFICATE_NOT_YET_VALID(Incident.Reason.CERTIFICATE_NOT_YET_VALID),
        /** The secret is right, and the credential is switched off. */
        CREDENTIAL_DISABLED(Incident.Reason.CREDENTIAL_DISABLED),
        /** The secret is right, and the credential or the secret has expired. */
        CREDENTIAL_EXPIRED(Incident.Reason.CREDENTIAL_EXPIRED),
        /** The secret is right, and the credential is bound to another client id. */
        CLIENT_ID_NOT_ALLOWED(Incident.Reason.CLIENT_ID_NOT_ALLOWED),
        /** The secret is right, and the tenant is suspended. */
        TENANT_SUSPENDED(Incident.Reason.TENANT_SUSPENDED),
        /** Nobody can say now: the database is away or too many log-ins wait. */
        UNAVAILABLE(Incident.Reason.SERVER_UNAVAILABLE);

        private final Incident.Reason incident;

        Reason(Incident.Reason incident) {
            this.incident = incident;
        }

        /** The same reason as the tenant reads it. */
        public Incident.Reason incident() {
            return incident;
        }
    }
}
