package dev.dunlin;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The services as console-web starts them, without the console. */
@SpringBootApplication(scanBasePackages = "dev.dunlin")
public class TestApplication {}
