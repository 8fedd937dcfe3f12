package dev.dunlin.engine.connection;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** Decides who is told that his log-in failed. */
public interface FailedLogins {
    /**
     * Counts a failure of {@code remote} with {@code userName}, which is absent if the client has not said one. False if
     * either has had as many answers as it may: this failure gets none. Any thread.
     */
    boolean mayAnswer(InetAddress remote, @Nullable String userName);
}
