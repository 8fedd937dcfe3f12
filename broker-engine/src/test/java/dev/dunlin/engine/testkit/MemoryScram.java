package dev.dunlin.engine.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.engine.port.EnhancedAuthentication.Exchange;
import dev.dunlin.engine.port.EnhancedAuthentication.Step;
import dev.dunlin.engine.port.LoginAnswer;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The server's side of SCRAM-SHA-256 for credentials in memory, as short as can be. */
final class MemoryScram implements Exchange {
    /** Who a user name is. */
    interface Users {
        /** @return null if nobody has this name */
        @Nullable
        String secretOf(String userName);

        /** What becomes of someone who has proven to know the secret, or not. */
        LoginAnswer judge(String userName, boolean isProven);
    }

    private static final byte[] SALT = "salt of the tests".getBytes(UTF_8);
    private static final int ITERATIONS = 4_096;

    private final Users users;
    private final Supplier<CompletableFuture<Void>> gate;
    private String userName = "";
    private String messages = "";

    MemoryScram(Users users, Supplier<CompletableFuture<Void>> gate) {
        this.users = users;
        this.gate = gate;
    }

    @Override
    public CompletionStage<Step> next(byte @Nullable [] data) {
        return gate.get().thenApply(open -> answer(data));
    }

    private Step answer(byte @Nullable [] data) {
        var message = data == null ? "" : new String(data, UTF_8);
        if (messages.isEmpty()) {
            if (!message.startsWith("n,,n=")) {
                return done(new LoginAnswer.Refused(LoginAnswer.Reason.AUTHENTICATION_DATA_INVALID, null, null), null);
            }
            var fields = Scram.fields(message.substring(3));
            userName = fields.getOrDefault("n", "");
            var first = "r=" + fields.get("r") + UUID.randomUUID() + ",s="
                    + Base64.getEncoder().encodeToString(SALT) + ",i=" + ITERATIONS;
            messages = message.substring(3) + "," + first;
            return new Step.Continue(first.getBytes(UTF_8));
        }
        var secret = users.secretOf(userName);
        var salted = Scram.salted(secret == null ? "nobody's" : secret, SALT, ITERATIONS);
        var authMessage = messages + "," + message.substring(0, Math.max(0, message.indexOf(",p=")));
        var clientKey = Scram.hmac(salted, "Client Key");
        var proof = Scram.xor(clientKey, Scram.hmac(Scram.sha256(clientKey), authMessage));
        var given = Scram.fields(message).get("p");
        boolean isProven = secret != null
                && given != null
                && Arrays.equals(Base64.getDecoder().decode(given), proof);
        var signature = Scram.hmac(Scram.hmac(salted, "Server Key"), authMessage);
        return done(
                users.judge(userName, isProven),
                ("v=" + Base64.getEncoder().encodeToString(signature)).getBytes(UTF_8));
    }

    private static Step done(LoginAnswer answer, byte @Nullable [] data) {
        return new Step.Done(answer, answer instanceof LoginAnswer.Admitted ? data : null);
    }
}
