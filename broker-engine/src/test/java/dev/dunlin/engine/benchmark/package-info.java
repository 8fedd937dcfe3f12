/**
 * The benchmark: our broker and its peers under the same loads, and a table of medians and ratios with the ceilings that we
 * set ourselves. Nothing here is a test.
 *
 * <pre>mvn -q -pl broker-engine test-compile exec:exec@benchmark [-Dbenchmark="rounds=3 brokers=engine,mosquitto,floor"]</pre>
 *
 * Arguments: {@code rounds=3}, {@code seconds=3} of each round, {@code warmup=6} seconds before the first, {@code loads=} and
 * {@code brokers=} by their names with commas, {@code jvm=}, options for our own processes with commas for blanks. The loads stand in
 * {@link dev.dunlin.engine.benchmark.Loads}, the brokers in {@link dev.dunlin.engine.benchmark.BrokerKind}; {@code engine} is
 * the engine with ports in memory, {@code floor} what Netty costs without a broker. The Java is the one that runs Maven.
 *
 * <p>The measure is the CPU of the broker's process, user and system, for each delivered message at equal work. Every message
 * is numbered; one that is lost, doubled or out of order makes the row FAULTY and the exit code 1. {@code dunlin} is the whole product, from the jar that
 * {@code mvn -DskipTests package} makes. HiveMQ CE and Moquette are resolved by Maven when they are first started; they take
 * part in few loads by themselves, and their first rounds say little before their compilers have done their work.
 *
 * <p>Beside the hot classes stand benchmarks of JMH:
 *
 * <pre>mvn -q -pl broker-engine test-compile exec:exec@jmh [-Djmh="MqttDecoder -prof gc"]</pre>
 */
@NullMarked
package dev.dunlin.engine.benchmark;

import org.jspecify.annotations.NullMarked;
