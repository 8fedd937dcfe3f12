package dev.dunlin.feed;

/** Ends with {@link #close}, after which the consumer is not called again but for a call under way. */
public interface Subscription extends AutoCloseable {
    @Override
    void close();
}
