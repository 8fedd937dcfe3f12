/**
 * The benchmark: our broker and its peers under the same loads, and a table of medians and ratios with the ceilings that we
 * set ourselves. Nothing here is a test but {@code BenchmarkTest},
 * {@code EnduranceTest} and {@code AttackTest}, which keep the rest from rotting.
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
 * <p>Some loads run only when they are named, since they take longer, or are about nobody but us:
 *
 * <pre>mvn ... exec:exec@benchmark -Dbenchmark="loads=idle-cpu brokers=engine rounds=1"
 * mvn ... exec:exec@benchmark -Dbenchmark="loads=slow-subscriber brokers=engine jvm=-Xms512m,-Xmx512m,-XX:+AlwaysPreTouch"
 * mvn ... exec:exec@benchmark -Dbenchmark="loads=growth brokers=engine rounds=1"
 * mvn ... exec:exec@benchmark -Dbenchmark="loads=offline,online-durable brokers=dunlin,hivemq"</pre>
 *
 * {@code idle-cpu} needs 19,000 open files for each process. {@code slow-subscriber} shows what two subscribers that never
 * read, and a publisher at full rate, do to others; with a heap that is resident from the start, resident memory grows by
 * what is kept outside of it, and not by what the collector takes. {@code growth} is a table of CPU for each message against
 * subscriptions, topics and tenants; a part of it is {@code growth-topics}. {@code offline} is about messages into the queues of
 * clients that are away and out of them again, {@code online-durable} about clients that are there: both count the CPU of all
 * processes of the database.
 *
 * <p>The endurance run sends 100 million messages through one broker, and ends with exit code 1 if one was lost, doubled or
 * disordered, if resident memory grew by more than 5 % between 20 % and all of them, or if Netty found a leak:
 *
 * <pre>mvn -q -pl broker-engine test-compile exec:exec@endurance [-Dendurance="messages=100000000 qos=1 broker=engine"]</pre>
 *
 * Its further arguments: {@code leak-detection=simple}, a level of Netty's, and {@code jvm=}.
 *
 * <p>The bloat run fills and empties the queues of the product's database for an hour, and ends with exit code 1 if one of its
 * tables or indexes grew by more than half after the first quarter, or a message was lost, doubled or disordered:
 *
 * <pre>mvn -q -pl broker-engine test-compile exec:exec@bloat [-Dbloat="minutes=60 interval=60 messages=300000"]</pre>
 *
 * <p>The attack lets hostile clients loose on one broker process: 1,000 subscribers that never read, 10,000 connections that
 * drip bytes of a CONNECT, 1,000 that announce packets of 256 MB, and a flood of guessed secrets, one after the other and all
 * together. It ends with exit code 1 if memory left the bounds that it states, if the 99th percentile of a pair of others went
 * above 50 ms, if they lost a message, or if the broker warned of anything. It needs 20,000 open files for each process:
 *
 * <pre>mvn -q -pl broker-engine test-compile exec:exec@attack [-Dattack="seconds=15 scale=1"]</pre>
 *
 * <p>Beside the hot classes stand benchmarks of JMH; they take its own arguments:
 *
 * <pre>mvn -q -pl broker-engine test-compile exec:exec@jmh [-Djmh="MqttDecoder -prof gc"]</pre>
 */
@NullMarked
package dev.dunlin.engine.benchmark;

import org.jspecify.annotations.NullMarked;
