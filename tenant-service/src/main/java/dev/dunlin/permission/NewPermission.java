package dev.dunlin.permission;

import dev.dunlin.engine.port.PermissionRule;

/**
 * A rule to be added.
 *
 * @param maxQos the highest QoS that an allow grants, 0 to 2
 * @param retainAllowed whether an allow grants the RETAIN flag
 */
public record NewPermission(
        PermissionRule.Effect effect,
        PermissionRule.Action action,
        String topicFilter,
        int maxQos,
        boolean retainAllowed) {}
