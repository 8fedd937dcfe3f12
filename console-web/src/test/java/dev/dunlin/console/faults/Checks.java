package dev.dunlin.console.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Prints one line for each thing that is looked at, with the time it took, and keeps what failed. */
final class Checks {
    private static final Pattern LINE_BREAKS = Pattern.compile("\\s+");

    private final List<String> failed = new ArrayList<>();
    private String part = "";

    /** What the next ones belong to. */
    void part(String name) {
        part = name;
    }

    /**
     * One thing to look at.
     *
     * @param within how long it may take
     * @param look gives what is to be told beside the time; throws if it fails
     */
    record Check(String what, Duration within, Callable<String> look) {}

    void that(String what, Duration within, Callable<String> look) {
        look(new Check(what, within, look));
    }

    /** All at the same time. */
    void sideBySide(Check... checks) throws InterruptedException {
        var threads = Stream.of(checks)
                .map(check -> new Thread(() -> look(check), check.what()))
                .toList();
        threads.forEach(Thread::start);
        for (var thread : threads) {
            thread.join();
        }
    }

    private void look(Check check) {
        long begun = System.nanoTime();
        String detail;
        boolean isGood;
        try {
            detail = check.look().call();
            isGood = true;
        } catch (Exception | AssertionError failure) {
            detail = LINE_BREAKS.matcher(String.valueOf(failure.getMessage())).replaceAll(" ");
            isGood = false;
        }
        var took = Duration.ofNanos(System.nanoTime() - begun);
        if (isGood && took.compareTo(check.within()) > 0) {
            detail = "later than " + check.within().toMillis() + " ms; " + detail;
            isGood = false;
        }
        var line = String.format(
                Locale.ROOT,
                "%s %7.2f s  %s: %s%s",
                isGood ? "ok    " : "FAILED",
                took.toMillis() / 1e3,
                part,
                check.what(),
                detail.isEmpty() ? "" : " (" + detail + ")");
        synchronized (this) {
            System.out.println(line);
            if (!isGood) {
                failed.add(line);
            }
        }
    }

    List<String> failed() {
        return failed;
    }
}
