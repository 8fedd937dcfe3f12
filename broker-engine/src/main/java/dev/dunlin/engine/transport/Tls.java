package dev.dunlin.engine.transport;

import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.settings.EngineStartException;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS with the certificate as it is now. The files are looked at every few seconds: a new certificate serves the handshakes
 * from then on and leaves open connections alone; files that cannot be used change nothing and are reported once.
 */
final class Tls {
    private static final Logger log = LoggerFactory.getLogger(Tls.class);
    private static final long HANDSHAKE_TIMEOUT_MILLIS = 10_000;

    static {
        // a client of TLS 1.2 could demand one expensive handshake after the other; the JDK reads this once
        if (System.getProperty("jdk.tls.rejectClientInitiatedRenegotiation") == null) {
            System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
        }
    }

    private final Path certificate;
    private final Path privateKey;
    private final @Nullable OwnCertificate own;
    private final ScheduledExecutorService watcher =
            Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("dunlin-certificate", true));
    /** The arithmetic of handshakes: a storm of them must not hold up those who are connected. */
    private final ExecutorService handshakes = Executors.newFixedThreadPool(
            Math.max(1, Runtime.getRuntime().availableProcessors() / 2),
            new DefaultThreadFactory("dunlin-handshake", true));

    private volatile SslContext current;
    /** Of the content that was looked at last, good or bad. Touched by the watcher alone once it runs. */
    private int seen;

    private @Nullable String reported;

    private Tls(Path certificate, Path privateKey, @Nullable OwnCertificate own)
            throws KeyPairFiles.UnusableException, SSLException {
        this.certificate = certificate;
        this.privateKey = privateKey;
        this.own = own;
        var files = KeyPairFiles.read(certificate, privateKey);
        this.seen = files.fingerprint();
        this.current = contextOf(files);
    }

    /** @param lookEvery how often the files are looked at */
    static Tls start(EngineSettings settings, Duration lookEvery) throws EngineStartException {
        var certificate = settings.certificate();
        var privateKey = settings.privateKey();
        OwnCertificate own = null;
        if (certificate == null && privateKey == null) {
            own = new OwnCertificate(settings.certificateDirectory(), settings.publicHost(), InstantSource.system());
            certificate = own.certificate();
            privateKey = own.privateKey();
            try {
                own.ensure();
            } catch (IOException failed) {
                throw new EngineStartException(
                        "A TLS certificate cannot be made in %s (%s); make the directory writable, or give dunlin.tls.certificate and dunlin.tls.private-key."
                                .formatted(settings.certificateDirectory(), failed),
                        failed);
            }
        }
        if (certificate == null || privateKey == null) {
            throw new EngineStartException(
                    "Only one of dunlin.tls.certificate and dunlin.tls.private-key is given; give both, or neither.",
                    new IllegalArgumentException());
        }
        try {
            var tls = new Tls(certificate, privateKey, own);
            tls.watcher.scheduleWithFixedDelay(
                    tls::look, lookEvery.toMillis(), lookEvery.toMillis(), TimeUnit.MILLISECONDS);
            return tls;
        } catch (KeyPairFiles.UnusableException | SSLException unusable) {
            throw new EngineStartException(
                    "TLS cannot be offered: %s (dunlin.tls.certificate, dunlin.tls.private-key)."
                            .formatted(unusable.getMessage()),
                    unusable);
        }
    }

    SslHandler newHandler(ByteBufAllocator allocator) {
        var handler = current.newHandler(allocator, handshakes);
        handler.setHandshakeTimeoutMillis(HANDSHAKE_TIMEOUT_MILLIS);
        return handler;
    }

    void stop() {
        watcher.shutdownNow();
        handshakes.shutdown();
    }

    private static SslContext contextOf(KeyPairFiles files) throws SSLException {
        return SslContextBuilder.forServer(files.key(), files.chain())
                .sslProvider(SslProvider.JDK)
                .protocols("TLSv1.3", "TLSv1.2")
                .clientAuth(ClientAuth.OPTIONAL)
                .trustManager(new ShownCertificate.AnyClient())
                .build();
    }

    /** One look at the files. Catches what comes, since a periodic task that throws is not run again. */
    private void look() {
        try {
            if (own != null) {
                own.ensure();
            }
            int found = KeyPairFiles.fingerprintOf(certificate, privateKey);
            if (found == seen) {
                return;
            }
            seen = found;
            current = contextOf(KeyPairFiles.read(certificate, privateKey));
            reported = null;
            log.info("New TLS connections use the certificate that is in {} now", certificate);
        } catch (KeyPairFiles.UnusableException | IOException | RuntimeException unusable) {
            var why = unusable instanceof IOException ? unusable.toString() : String.valueOf(unusable.getMessage());
            if (!why.equals(reported)) {
                reported = why;
                log.warn("The TLS certificate stays as it was: {}", why);
            }
        }
    }
}
