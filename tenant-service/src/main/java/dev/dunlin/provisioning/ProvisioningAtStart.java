package dev.dunlin.provisioning;

import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Applies the file of {@code dunlin.provisioning.file} before anything listens on a port. */
@Component
class ProvisioningAtStart implements SmartInitializingSingleton {
    private static final Logger log = LoggerFactory.getLogger(ProvisioningAtStart.class);

    private final Provisioning provisioning;
    private final String file;

    ProvisioningAtStart(Provisioning provisioning, @Value("${dunlin.provisioning.file:}") String file) {
        this.provisioning = provisioning;
        this.file = file;
    }

    @Override
    public void afterSingletonsInstantiated() {
        if (!file.isBlank()) {
            var outcome = provisioning.apply(Path.of(file));
            log.info(
                    "Provisioned from {}: {} created, {} updated, {} unchanged",
                    file,
                    outcome.created(),
                    outcome.updated(),
                    outcome.unchanged());
        }
    }
}
