package dev.dunlin.engine.settings;

/** How event loops wait for the network. */
public enum NetworkIo {
    /** What serves best of what this machine can do. */
    AUTO,
    EPOLL,
    IO_URING,
    NIO
}
