package dev.dunlin.messagestore;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/** Stands between the store and PostgreSQL, and can hold back answers, cut connections and refuse new ones. */
final class TcpProxy implements AutoCloseable {
    private final ServerSocket listening;
    private final int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private boolean holdingAnswers;
    private volatile boolean refusing;

    private TcpProxy(int target) throws IOException {
        this.target = target;
        listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    static TcpProxy before(JdbcConnectionDetails database) throws IOException {
        return new TcpProxy(address(database).getPort());
    }

    private static URI address(JdbcConnectionDetails database) {
        return URI.create(database.getJdbcUrl().substring("jdbc:".length()));
    }

    /** The database as it is reached through here. */
    JdbcConnectionDetails reaching(JdbcConnectionDetails database) {
        var url = database.getJdbcUrl().replace(":" + target + "/", ":" + listening.getLocalPort() + "/");
        return new JdbcConnectionDetails() {
            @Override
            public @Nullable String getUsername() {
                return database.getUsername();
            }

            @Override
            public @Nullable String getPassword() {
                return database.getPassword();
            }

            @Override
            public String getJdbcUrl() {
                return url;
            }
        };
    }

    synchronized void holdAnswers() {
        holdingAnswers = true;
    }

    synchronized void passAnswers() {
        holdingAnswers = false;
        notifyAll();
    }

    /** Cuts what is open; what was held back is lost. */
    void cut() {
        sockets.forEach(TcpProxy::close);
        sockets.clear();
    }

    void refuse() {
        refusing = true;
        cut();
    }

    void acceptAgain() {
        refusing = false;
    }

    private void accept() {
        try {
            while (true) {
                var client = listening.accept();
                if (refusing) {
                    close(client);
                } else {
                    var server = new Socket(InetAddress.getLoopbackAddress(), target);
                    server.setTcpNoDelay(true);
                    client.setTcpNoDelay(true);
                    sockets.add(client);
                    sockets.add(server);
                    start(() -> pass(client, server, false));
                    start(() -> pass(server, client, true));
                }
            }
        } catch (IOException closed) {
            cut();
        }
    }

    private void pass(Socket from, Socket to, boolean isAnswers) {
        try (from;
                to;
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            var buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (isAnswers) {
                    awaitPassing();
                }
                out.write(buffer, 0, n);
            }
        } catch (IOException cut) {
            // Both ends are closed by now
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void awaitPassing() throws InterruptedException {
        while (holdingAnswers) {
            wait();
        }
    }

    private static void start(Runnable work) {
        var thread = new Thread(work, "tcp-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private static void close(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException closedAlready) {
            // As wanted
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        passAnswers();
        cut();
    }
}
