package dev.dunlin.credential;

/** What a new credential may do from the start. */
public enum Template {
    /** {@code allow all #} */
    EVERYTHING,
    /** {@code allow all ${credential}/#} */
    OWN_TOPICS,
    /** {@code allow publish} on the chosen topic, or on all */
    PUBLISH_ONLY,
    /** {@code allow subscribe} to the chosen topic, or to all */
    SUBSCRIBE_ONLY,
    NOTHING
}
