package dev.dunlin.permission;

import dev.dunlin.credential.FirstPermissions;
import dev.dunlin.credential.Template;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.TenantId;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** What a new credential may do from the start. */
@Component
class TemplatePermissions implements FirstPermissions {
    private static final String ALL_TOPICS = "#";

    private final PermissionRepository permissions;
    private final Clock clock;

    TemplatePermissions(PermissionRepository permissions, Clock clock) {
        this.permissions = permissions;
        this.clock = clock;
    }

    @Override
    @Transactional(propagation = Propagation.MANDATORY)
    public void grant(TenantId tenant, CredentialId credential, Template template, @Nullable String topic) {
        var chosen = topic == null ? ALL_TOPICS : topic;
        switch (template) {
            case EVERYTHING -> allow(tenant, credential, Action.ALL, ALL_TOPICS);
            case OWN_TOPICS -> allow(tenant, credential, Action.ALL, PermissionRule.CREDENTIAL + "/#");
            case PUBLISH_ONLY -> allow(tenant, credential, Action.PUBLISH, chosen);
            case SUBSCRIBE_ONLY -> allow(tenant, credential, Action.SUBSCRIBE, chosen);
            case NOTHING -> {}
        }
    }

    private void allow(TenantId tenant, CredentialId credential, Action action, String topicFilter) {
        var permission =
                new NewPermission(PermissionRule.Effect.ALLOW, action, Permissions.requireFilter(topicFilter), 2, true);
        permissions.save(new PermissionEntity(
                tenant, credential, permission, clock.instant().truncatedTo(ChronoUnit.MICROS)));
    }
}
