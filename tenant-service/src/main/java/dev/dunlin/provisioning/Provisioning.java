package dev.dunlin.provisioning;

import java.nio.file.Path;
import org.springframework.stereotype.Service;

/** Applies provisioning files. */
@Service
public class Provisioning {
    /**
     * Makes what the file names and does not exist, and updates what differs; what it does not name stays. All or nothing.
     *
     * @throws ProvisioningException if the file cannot be read or is wrong; nothing is changed then
     */
    public Outcome apply(Path yaml) {
        throw new UnsupportedOperationException();
    }
}
