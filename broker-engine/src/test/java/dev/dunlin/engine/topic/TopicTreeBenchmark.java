package dev.dunlin.engine.topic;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** What it costs to find the filters of one name among 66,600, of which 6,600 have wildcards: three of them match. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TopicTreeBenchmark {
    private static final int PLANTS = 60;
    private static final int LINES = 10;
    private static final int MACHINES = 100;

    private final TopicName[] names = new TopicName[PLANTS * LINES * MACHINES];
    private final TopicTree<Integer, String> tree;
    private int next;

    public TopicTreeBenchmark() {
        var filled = TopicTree.<Integer, String>empty();
        int count = 0;
        for (int plant = 0; plant < PLANTS; plant++) {
            for (int machine = 0; machine < MACHINES; machine++) {
                filled = add(filled, "plant/%d/line/+/machine/%d/temperature".formatted(plant, machine));
            }
            for (int line = 0; line < LINES; line++) {
                filled = add(filled, "plant/%d/line/%d/#".formatted(plant, line));
                for (int machine = 0; machine < MACHINES; machine++) {
                    var name = "plant/%d/line/%d/machine/%d/temperature".formatted(plant, line, machine);
                    filled = add(filled, name);
                    names[count] = TopicName.of(name);
                    count++;
                }
            }
        }
        tree = filled;
    }

    private static TopicTree<Integer, String> add(TopicTree<Integer, String> tree, String filter) {
        return tree.with(TopicFilter.of(filter), 0, filter);
    }

    /** Far from each other, as the names of many publishers are. */
    private TopicName nextName() {
        next = (next + 7_919) % names.length;
        return names[next];
    }

    @Benchmark
    public void match(Blackhole found) {
        tree.forEachMatching(nextName(), found::consume);
    }

    @Benchmark
    public TopicTree<Integer, String> subscribe() {
        return tree.with(nextName(), 1, "one more");
    }
}
