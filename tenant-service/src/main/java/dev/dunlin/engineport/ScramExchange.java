package dev.dunlin.engineport;

import dev.dunlin.engine.port.EnhancedAuthentication.Exchange;
import dev.dunlin.engine.port.EnhancedAuthentication.Step;
import dev.dunlin.engine.port.Login;
import dev.dunlin.engine.port.LoginAnswer;
import dev.dunlin.engine.port.LoginAnswer.Admitted;
import dev.dunlin.engine.port.LoginAnswer.Reason;
import dev.dunlin.engine.port.LoginAnswer.Refused;
import dev.dunlin.secret.ScramVerifier;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One client's SCRAM-SHA-256. Whom nobody knows is challenged all the same, with a salt that stays the same, and fails with
 * his proof as a wrong secret does. Every challenge goes out at an even time, since whether its tenant was in memory would
 * show in the time otherwise.
 */
final class ScramExchange implements Exchange {
    /** Checks the proofs of those whom nobody knows, so that they cost the same; nobody has the key to it. */
    private static final ScramVerifier NOBODY =
            new ScramVerifier(new byte[16], ScramVerifier.ITERATIONS, new byte[32], new byte[32]);

    /** What the server has said, and on what: all that has to be remembered for the second step. */
    private record Challenge(ScramMessages.First first, byte[] salt, int iterations, String nonce) {
        String text() {
            return "r=" + nonce + ",s=" + Base64.getEncoder().encodeToString(salt) + ",i=" + iterations;
        }
    }

    /** A tenant, and the credential in it if there is one. */
    private record Found(TenantSnapshot tenant, @Nullable CredentialSnapshot credential) {}

    private final ScramAuthentication scram;
    private final Login login;
    private volatile @Nullable Challenge challenge;

    ScramExchange(ScramAuthentication scram, Login login) {
        this.scram = scram;
        this.login = login;
    }

    @Override
    public CompletionStage<Step> next(byte @Nullable [] data) {
        var made = challenge;
        return made == null ? challenge(data) : check(made, data);
    }

    private static Step refused(Reason reason) {
        return new Step.Done(new Refused(reason, null, null), null);
    }

    // The first step

    private CompletionStage<Step> challenge(byte @Nullable [] data) {
        long began = System.nanoTime();
        var first = ScramMessages.First.parse(data);
        var connectUserName = login.userName();
        if (first == null
                || connectUserName != null && !connectUserName.isEmpty() && !connectUserName.equals(first.userName())) {
            return CompletableFuture.completedFuture(refused(Reason.AUTHENTICATION_DATA_INVALID));
        }
        // Looked for at once, so that it is in memory by then, and again at the end, so that nothing new is missed
        return find(first.userName())
                .thenCompose(early -> scram.refusals.atNextStep(began, early))
                .thenCompose(early -> find(first.userName()))
                .thenApply(found -> challenge(first, found))
                .exceptionally(fault -> refused(Reason.UNAVAILABLE));
    }

    private Step challenge(ScramMessages.First first, Optional<Found> found) {
        var credential = found.map(Found::credential).orElse(null);
        var verifier = credential == null ? null : newest(credential);
        byte[] salt;
        if (verifier != null) {
            salt = verifier.salt();
        } else if (credential != null) {
            salt = scram.secrets.scramSalt(credential.id());
        } else {
            salt = scram.secrets.scramSaltOfNobody(first.userName());
        }
        int iterations = verifier == null ? ScramVerifier.ITERATIONS : verifier.iterations();
        var made = new Challenge(first, salt, iterations, first.nonce() + scram.nonce());
        challenge = made;
        return new Step.Continue(made.text().getBytes(StandardCharsets.UTF_8));
    }

    private static @Nullable ScramVerifier newest(CredentialSnapshot credential) {
        for (var secret : credential.secrets()) {
            if (secret.scram() != null) {
                return secret.scram();
            }
        }
        return null;
    }

    // The second step

    private CompletionStage<Step> check(Challenge made, byte @Nullable [] data) {
        long began = System.nanoTime();
        var last = ScramMessages.Last.parse(data);
        if (last == null
                || !last.header().equals(made.first().header())
                || !last.nonce().equals(made.nonce())) {
            return CompletableFuture.completedFuture(refused(Reason.AUTHENTICATION_DATA_INVALID));
        }
        // As with a password: what looks wrong is looked at once more, and refused at an even time
        return decide(made, last)
                .thenCompose(one -> looksUnknown(one)
                        ? scram.refusals
                                .atNextStep(began, one)
                                .thenCompose(again -> decide(made, last))
                                .thenCompose(two -> looksUnknown(two)
                                        ? scram.refusals.atNextStep(began, two).thenApply(this::unlessAway)
                                        : CompletableFuture.completedFuture(two))
                        : CompletableFuture.completedFuture(one))
                .exceptionally(fault -> refused(Reason.UNAVAILABLE));
    }

    private Step unlessAway(Step refused) {
        return refused instanceof Step.Done done
                ? new Step.Done(TenantAuthenticator.unlessAway(done.answer(), scram.database), done.data())
                : refused;
    }

    private static boolean looksUnknown(Step step) {
        return step instanceof Step.Done done && TenantAuthenticator.looksUnknown(done.answer());
    }

    private CompletableFuture<Step> decide(Challenge made, ScramMessages.Last last) {
        return find(made.first().userName()).thenApply(found -> decide(made, last, found));
    }

    private Step decide(Challenge made, ScramMessages.Last last, Optional<Found> found) {
        var authMessage = made.first().bare() + "," + made.text() + "," + last.withoutProof();
        var credential = found.map(Found::credential).orElse(null);
        if (credential != null) {
            for (var secret : credential.secrets()) {
                var verifier = secret.scram();
                if (verifier != null && isOf(made, verifier) && verifier.isProvenBy(last.proof(), authMessage)) {
                    var answer = TenantAuthenticator.admit(
                            found.get().tenant(), credential, secret, login, scram.clock.instant());
                    return new Step.Done(answer, answer instanceof Admitted ? last(verifier, authMessage) : null);
                }
            }
        }
        NOBODY.isProvenBy(last.proof(), authMessage);
        return new Step.Done(refusal(made.first().userName(), found), null);
    }

    /** What the proof was made from; another salt means that the secrets were replaced in between. */
    private static boolean isOf(Challenge made, ScramVerifier verifier) {
        return verifier.iterations() == made.iterations() && Arrays.equals(verifier.salt(), made.salt());
    }

    private static byte[] last(ScramVerifier verifier, String authMessage) {
        return ("v=" + Base64.getEncoder().encodeToString(verifier.signatureOf(authMessage)))
                .getBytes(StandardCharsets.UTF_8);
    }

    private static LoginAnswer refusal(String userName, Optional<Found> found) {
        var name = nameIn(userName);
        if (found.isEmpty()) {
            return new Refused(Reason.BAD_USER_NAME_OR_PASSWORD, null, name);
        }
        var credential = found.get().credential();
        var reason = Reason.BAD_USER_NAME_OR_PASSWORD;
        if (credential == null) {
            reason = Reason.UNKNOWN_CREDENTIAL;
        } else if (newest(credential) == null) {
            reason = Reason.SECRET_WITHOUT_SCRAM;
        }
        return new Refused(reason, found.get().tenant().id(), name);
    }

    // Who it is

    private static String slugIn(String userName) {
        int dot = userName.indexOf('.');
        return dot < 0 ? "" : userName.substring(0, dot);
    }

    private static @Nullable String nameIn(String userName) {
        int dot = userName.indexOf('.');
        return dot < 0 ? null : userName.substring(dot + 1);
    }

    /** The tenant that the user name names; empty if there is none. */
    private CompletableFuture<Optional<Found>> find(String userName) {
        var slug = slugIn(userName);
        var name = nameIn(userName);
        return name == null || !TenantAuthenticator.SLUG.matcher(slug).matches()
                ? CompletableFuture.completedFuture(Optional.empty())
                : scram.tenants.find(slug).thenApply(tenant -> tenant.map(of -> new Found(of, of.credential(name))));
    }
}
