package dev.dunlin.console.process;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * The start and the end of the process. A start that fails says why in one line and exits with 1; SIGTERM and SIGINT stop all
 * parts in their order and exit with 0, where the JVM by itself would report 143.
 */
public final class ProcessLife {
    private static final int STOPPED = 0;
    private static final int FAILED = 1;
    /** Within the 10 seconds that operators are promised. */
    private static final int STOP_SECONDS = 9;

    private volatile @Nullable ConfigurableEnvironment environment;
    private volatile @Nullable ConfigurableApplicationContext context;
    private volatile boolean startFailed;
    private volatile boolean stopping;

    private ProcessLife() {}

    /** Returns when everything is up; otherwise the process ends. */
    public static void start(Class<?> application, String[] args) {
        new ProcessLife().run(application, args);
    }

    private void run(Class<?> application, String[] args) {
        OutOfMemoryExit.arrange();
        HeapReturn.arrange();
        var spring = new SpringApplication(application);
        spring.setBannerMode(Banner.Mode.OFF);
        spring.setLogStartupInfo(false);
        spring.setRegisterShutdownHook(false);
        spring.addListeners((ApplicationListener<ApplicationEnvironmentPreparedEvent>)
                event -> environmentIsThere(event.getEnvironment()));
        spring.addInitializers(created -> {
            context = created;
            OutOfMemoryExit.watchLog();
        });
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "dunlin-stop"));
        try {
            System.out.println(StartBlock.of(spring.run(args)));
        } catch (RuntimeException | Error failure) {
            fail(failure);
        }
    }

    private void environmentIsThere(ConfigurableEnvironment found) {
        environment = found;
        var binder = Binder.get(found);
        var settings = binder.bindOrCreate("dunlin", DunlinSettings.class);
        OutOfMemoryExit.dumpHeapTo(settings.dataDir());
        if (!settings.has(DunlinSettings.ProcessRole.CONSOLE)) {
            found.getPropertySources().addFirst(new MapPropertySource("dunlin.roles", Map.of("server.port", "-1")));
        }
        FreePorts.require(settings, binder);
    }

    private void fail(Throwable failure) {
        startFailed = true;
        if (!stopping) {
            System.err.println(StartFailure.explain(failure, environment));
            if (environment != null && environment.containsProperty("debug")) {
                failure.printStackTrace();
            }
        }
        System.exit(FAILED);
    }

    /** Runs as the JVM's shutdown hook, whose last act decides the exit code. */
    private void stop() {
        stopping = true;
        var open = context;
        if (startFailed || open == null) {
            return;
        }
        var watchdog = new Thread(this::haltWhenLate, "dunlin-stop-watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
        try {
            open.close();
        } finally {
            System.out.flush();
            Runtime.getRuntime().halt(STOPPED);
        }
    }

    private void haltWhenLate() {
        try {
            TimeUnit.SECONDS.sleep(STOP_SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        System.err.println("Dunlin did not stop within " + STOP_SECONDS + " seconds and was ended.");
        Runtime.getRuntime().halt(FAILED);
    }
}
