package dev.dunlin.engine.port;

import java.util.List;

/** Where counters go. */
public interface Usage {
    /** Takes what was counted since the call before: every few seconds, off the event loops, no two calls at once. */
    void record(List<UsageSample> samples);
}
