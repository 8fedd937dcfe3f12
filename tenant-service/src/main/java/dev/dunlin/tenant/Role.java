package dev.dunlin.tenant;

/** What a member may do, each one including those before it. */
public enum Role {
    VIEWER,
    OPERATOR,
    ADMIN,
    OWNER;

    public boolean atLeast(Role other) {
        return compareTo(other) >= 0;
    }
}
