/**
 * Test kit: the real engine on free ports with ports in memory, a client that sends any bytes, and the programs that tests
 * need from outside. Every module's tests use it; knows the engine by its public face alone.
 */
@NullMarked
package dev.dunlin.engine.testkit;

import org.jspecify.annotations.NullMarked;
