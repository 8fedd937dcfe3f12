package dev.dunlin.console;

import dev.dunlin.console.process.ProcessLife;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** Dunlin, as one process. */
@SpringBootApplication(scanBasePackages = "dev.dunlin")
@ConfigurationPropertiesScan
public class DunlinApplication {
    public static void main(String[] args) {
        ProcessLife.start(DunlinApplication.class, args);
    }
}
