package dev.dunlin.messagestore;

import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;

/** How the message store of this process does, if it has one. */
@Service
public class MessageStoreStatus {
    private volatile @Nullable Supplier<StoreStatistics> source;

    void of(Supplier<StoreStatistics> statistics) {
        source = statistics;
    }

    public Optional<StoreStatistics> now() {
        return Optional.ofNullable(source).map(Supplier::get);
    }
}
