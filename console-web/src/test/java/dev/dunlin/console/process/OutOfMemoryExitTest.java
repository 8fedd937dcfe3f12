package dev.dunlin.console.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutOfMemoryExitTest {
    @TempDir
    Path directory;

    /** A process that uses up its memory: on a thread of its own, or on an event loop, which catches whatever comes. */
    static final class Glutton {
        private Glutton() {}

        public static void main(String[] arguments) throws InterruptedException {
            OutOfMemoryExit.arrange();
            OutOfMemoryExit.watchLog();
            OutOfMemoryExit.dumpHeapTo(Path.of(arguments[1]));
            if (arguments[0].equals("thread")) {
                new Thread(Glutton::eat).start();
            } else {
                new DefaultEventLoop().execute(Glutton::eat);
            }
            Thread.sleep(Long.MAX_VALUE); // whatever happens, it does not end by itself
        }

        private static void eat() {
            var eaten = new ArrayList<byte[]>();
            while (true) {
                eaten.add(new byte[1_000_000]);
            }
        }
    }

    private Process glutton(String where) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx32m",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Glutton.class.getName(),
                        where,
                        directory.toString())
                .redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile())
                .start();
    }

    private void assertEnds(Process process) throws InterruptedException, IOException {
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).isEqualTo(OutOfMemoryExit.EXIT_CODE);
        assertThat(Files.readString(directory.resolve("err"))).contains("Out of memory: the process ends");
    }

    @ParameterizedTest
    @ValueSource(strings = {"thread", "event loop"})
    void endsTheProcessWithADumpOfItsHeap(String where) throws IOException, InterruptedException {
        assertEnds(glutton(where));
        assertThat(directory.resolve(OutOfMemoryExit.HEAP_DUMP)).isNotEmptyFile();
    }

    @Test
    void keepsTheDumpThatIsThere() throws IOException, InterruptedException {
        Files.writeString(directory.resolve(OutOfMemoryExit.HEAP_DUMP), "the first");
        assertEnds(glutton("thread"));
        assertThat(directory.resolve(OutOfMemoryExit.HEAP_DUMP)).hasContent("the first");
        assertThat(Files.readString(directory.resolve("out"))).doesNotContain("hprof");
        assertThat(List.of(directory.toFile().list())).hasSize(3);
    }
}
