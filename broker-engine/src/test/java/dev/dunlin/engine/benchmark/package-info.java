/**
 * The benchmark: our broker and its peers under the same loads, and a table of medians and ratios with the ceilings that we
 * set ourselves. Nothing here is a test but {@code BenchmarkTest}, which keeps the rest from rotting.
 *
 * <pre>mvn -DskipTests package
 * mvn -q -pl broker-engine test-compile exec:exec@benchmark [-Dbenchmark="rounds=5 brokers=engine,mosquitto,floor"]</pre>
 *
 * Arguments: {@code rounds=3}, {@code seconds=3} of each round, {@code warmup=6} seconds before the first, {@code loads=} and
 * {@code brokers=} by their names with commas, {@code jvm=}, options for our own processes with commas for blanks. The Java
 * is the one that runs Maven. The loads stand in {@link dev.dunlin.engine.benchmark.Loads}, the brokers in
 * {@link dev.dunlin.engine.benchmark.BrokerKind}. {@code dunlin} is the product's jar; {@code engine}, with ports in memory,
 * starts faster and serves daily work; {@code floor} is what Netty costs without a broker. HiveMQ CE and Moquette are resolved
 * by Maven when they are first started. Without {@code brokers=} all but {@code engine} run, each where the table needs it;
 * those that are named run wherever they can.
 *
 * <p>The measure is the CPU of the broker's process, user and system, for each delivered message at equal work. All brokers
 * take turns in every round. Every message is numbered; one that is lost, doubled or out of order makes the row FAULTY and
 * the exit code 1.
 *
 * <p>Beside the hot classes stand benchmarks of JMH; they take its own arguments:
 *
 * <pre>mvn -q -pl broker-engine test-compile exec:exec@jmh [-Djmh="MqttDecoder -prof gc"]</pre>
 */
@NullMarked
package dev.dunlin.engine.benchmark;

import org.jspecify.annotations.NullMarked;
