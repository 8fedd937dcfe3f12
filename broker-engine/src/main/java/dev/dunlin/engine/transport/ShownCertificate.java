package dev.dunlin.engine.transport;

import dev.dunlin.engine.port.ClientCertificate;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** The client's side of mutual TLS. */
final class ShownCertificate {
    private ShownCertificate() {}

    /** What the client has shown in the handshake, which is over; absent without TLS and from clients that have none. */
    static @Nullable ClientCertificate of(Channel channel) {
        var tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            return null;
        }
        try {
            var chain = tls.engine().getSession().getPeerCertificates();
            return chain[0] instanceof X509Certificate certificate ? of(certificate) : null;
        } catch (SSLPeerUnverifiedException none) {
            return null;
        }
    }

    private static ClientCertificate of(X509Certificate certificate) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return new ClientCertificate(
                    HexFormat.of().formatHex(digest),
                    certificate.getNotBefore().toInstant(),
                    certificate.getNotAfter().toInstant());
        } catch (CertificateEncodingException | NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Takes every certificate of a client, its own signature on it and an end of its validity included: the handshake itself
     * has the client prove that it holds the key, and who may do what with which certificate is each tenant's to say. Never
     * asked about a server, and trusts none.
     */
    static final class AnyClient extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {
            throw new UnsupportedOperationException();
        }

        /** None is named, so that clients offer whatever they have. */
        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
