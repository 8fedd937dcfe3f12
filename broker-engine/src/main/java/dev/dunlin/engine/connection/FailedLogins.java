package dev.dunlin.engine.connection;

import java.net.InetAddress;

/** Decides who is told that his log-in failed. */
public interface FailedLogins {
    /** Counts a failure of {@code remote}; false if it has had as many answers as it may, and gets none. Any thread. */
    boolean mayAnswer(InetAddress remote);
}
