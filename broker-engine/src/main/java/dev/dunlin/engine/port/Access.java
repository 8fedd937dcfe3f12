package dev.dunlin.engine.port;

import java.util.List;

/**
 * The permissions of one credential at one moment, its own and those of its groups. Order means nothing: a deny wins over
 * any allow, and what nothing allows is denied.
 *
 * @param version grows with each change that the tenant service has read; tells a newer snapshot from an older one of the
 *     same credential in the same process
 */
public record Access(long version, List<PermissionRule> rules) {
    public Access {
        rules = List.copyOf(rules);
    }
}
