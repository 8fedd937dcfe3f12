/**
 * What the engine promises, as tests over raw sockets: the statements of MQTT 3.1.1 and MQTT 5, each test naming those it
 * shows with {@link dev.dunlin.engine.conformance.Conformance}, and the product's own rules on permissions and limits.
 * Knows the engine by its public face and its ports alone.
 */
@NullMarked
package dev.dunlin.engine.conformance;

import org.jspecify.annotations.NullMarked;
