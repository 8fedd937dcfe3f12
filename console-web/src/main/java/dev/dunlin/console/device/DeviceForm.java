package dev.dunlin.console.device;

import dev.dunlin.credential.NewCredential;
import dev.dunlin.credential.Template;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/**
 * A device to be made.
 *
 * @param expiresInDays 0 for never
 */
record DeviceForm(
        @Pattern(regexp = "[A-Za-z0-9_-]{1,64}", message = "{deviceNew.name.wrong}")
        String name,

        Template template,

        @Size(max = 1024, message = "{deviceNew.topic.long}")
        String topic,

        @Size(max = 256, message = "{deviceNew.clientId.long}")
        String clientId,

        @Min(0) @Max(3650) Integer expiresInDays) {

    static DeviceForm named(String name) {
        return new DeviceForm(name, Template.EVERYTHING, "", "", 0);
    }

    /** A request need not come from our own form, and may leave fields out. */
    DeviceForm {
        name = Objects.requireNonNullElse(name, "").strip();
        template = Objects.requireNonNullElse(template, Template.EVERYTHING);
        topic = Objects.requireNonNullElse(topic, "").strip();
        clientId = Objects.requireNonNullElse(clientId, "");
        expiresInDays = Objects.requireNonNullElse(expiresInDays, 0);
    }

    NewCredential toNewCredential(Instant now) {
        return new NewCredential(
                name,
                template,
                topic.isEmpty() ? null : topic,
                clientId.isEmpty() ? null : clientId,
                expiresInDays == 0 ? null : now.plus(Duration.ofDays(expiresInDays)));
    }
}
