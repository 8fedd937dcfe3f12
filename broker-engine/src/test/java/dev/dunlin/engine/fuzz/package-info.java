/**
 * Fuzzing: what no client would send, made from what every client sends. All is drawn from one printed seed, so that a fault
 * can be met again. {@code FuzzTest} is the short form; the long one runs by itself and ends with exit code 1 at a fault:
 *
 * <pre>mvn -q -pl broker-engine test-compile exec:exec@fuzz [-Dfuzz="packets=1000000 sequences=100000 seed=42"]</pre>
 *
 * {@code packets} are decoded in memory, whole and in random pieces, which must give the same. {@code sequences}, of about
 * seven packets each, go to a real broker over its listeners, while a pair of other clients exchanges messages: each
 * connection has to be closed by the broker or to answer a ping, nothing may reach the log, and no buffer may be lost.
 * Without {@code seed} one is drawn.
 */
@NullMarked
package dev.dunlin.engine.fuzz;

import org.jspecify.annotations.NullMarked;
