package dev.dunlin.console;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication(scanBasePackages = "dev.dunlin")
public class DunlinApplication {
    public static void main(String[] args) {
        SpringApplication.run(DunlinApplication.class, args);
    }
}
