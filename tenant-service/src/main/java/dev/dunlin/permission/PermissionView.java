package dev.dunlin.permission;

import dev.dunlin.engine.port.PermissionRule;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A rule as it applies to a credential.
 *
 * @param group the name of the group it comes from; absent if it is the credential's own
 */
public record PermissionView(
        UUID id,
        PermissionRule.Effect effect,
        PermissionRule.Action action,
        String topicFilter,
        int maxQos,
        boolean retainAllowed,
        @Nullable String group) {}
