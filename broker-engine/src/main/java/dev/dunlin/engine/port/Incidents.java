package dev.dunlin.engine.port;

/** Where every refusal goes. */
public interface Incidents {
    /** Returns at once, on any thread; repetitions are folded and a flood is counted, never queued without bound. */
    void report(Incident incident);
}
