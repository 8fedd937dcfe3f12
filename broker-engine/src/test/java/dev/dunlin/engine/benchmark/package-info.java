/**
 * Benchmarks: the engine in a process of its own beside mosquitto, under the same load. Run by hand, see
 * {@link dev.dunlin.engine.benchmark.PairsBenchmark}; nothing here is a test.
 */
@NullMarked
package dev.dunlin.engine.benchmark;

import org.jspecify.annotations.NullMarked;
