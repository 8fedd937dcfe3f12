package dev.dunlin.console.device;

import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.permission.NewPermission;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;
import java.util.Objects;

/** A permission to be added. */
record PermissionForm(
        Effect effect,
        Action action,

        @NotBlank(message = "{permissions.topic.missing}") @Size(max = 1024, message = "{permissions.topic.long}")
        String topicFilter,

        @Min(0) @Max(2) Integer maxQos,
        Boolean retainAllowed) {

    static PermissionForm empty() {
        return new PermissionForm(Effect.ALLOW, Action.ALL, "", 2, true);
    }

    /** A request need not come from our own form, and may leave fields out. */
    PermissionForm {
        effect = Objects.requireNonNullElse(effect, Effect.ALLOW);
        action = Objects.requireNonNullElse(action, Action.ALL);
        topicFilter = Objects.requireNonNullElse(topicFilter, "").strip();
        maxQos = Objects.requireNonNullElse(maxQos, 2);
        retainAllowed = Objects.requireNonNullElse(retainAllowed, false);
    }

    /** Whether the part of the form with the limits has to be open. */
    public boolean isLimited() {
        return maxQos < 2 || !retainAllowed;
    }

    NewPermission toNewPermission() {
        return new NewPermission(effect, action, topicFilter, maxQos, retainAllowed);
    }
}
