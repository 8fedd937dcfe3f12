package dev.dunlin.engine.transport;

import dev.dunlin.engine.port.Transport;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;

/** A client of bytes over any transport, made of the JDK alone. */
interface StreamClient extends AutoCloseable {
    void send(byte[] bytes) throws IOException;

    byte[] receive(int count) throws IOException;

    @Override
    void close() throws IOException;

    static StreamClient open(Transport transport, int port) throws IOException, GeneralSecurityException {
        return switch (transport) {
            case TCP -> new OverSocket(new Socket("127.0.0.1", port));
            case TLS -> new OverSocket(TrustAll.context().getSocketFactory().createSocket("127.0.0.1", port));
            case WS -> new OverWebSocket(HttpClient.newHttpClient(), URI.create("ws://127.0.0.1:" + port + "/mqtt"));
            case WSS ->
                new OverWebSocket(
                        HttpClient.newBuilder().sslContext(TrustAll.context()).build(),
                        URI.create("wss://localhost:" + port + "/mqtt"));
        };
    }

    final class OverSocket implements StreamClient {
        private final Socket socket;

        OverSocket(Socket socket) throws IOException {
            this.socket = socket;
            socket.setSoTimeout(10_000);
        }

        /** Sends beside the reader, as what comes back may be more than buffers hold. */
        @Override
        public void send(byte[] bytes) throws IOException {
            OutputStream out = socket.getOutputStream();
            if (bytes.length < 10_000) {
                out.write(bytes);
                return;
            }
            ForkJoinPool.commonPool().execute(() -> {
                try {
                    out.write(bytes);
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            });
        }

        @Override
        public byte[] receive(int count) throws IOException {
            return socket.getInputStream().readNBytes(count);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    final class OverWebSocket implements StreamClient, WebSocket.Listener {
        private final PipedOutputStream sink = new PipedOutputStream();
        private final PipedInputStream source = new PipedInputStream(sink, 4_000_000);
        private final WebSocket socket;

        OverWebSocket(HttpClient client, URI uri) throws IOException {
            socket = client.newWebSocketBuilder()
                    .subprotocols("mqtt")
                    .buildAsync(uri, this)
                    .join();
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
            var bytes = new byte[data.remaining()];
            data.get(bytes);
            try {
                sink.write(bytes);
                sink.flush();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
            webSocket.request(1);
            return null;
        }

        @Override
        public void send(byte[] bytes) {
            socket.sendBinary(ByteBuffer.wrap(bytes), true).join();
        }

        @Override
        public byte[] receive(int count) throws IOException {
            return source.readNBytes(count);
        }

        @Override
        public void close() {
            socket.abort();
        }
    }
}
