/**
 * What the engine promises, as tests over raw sockets: the statements of MQTT 3.1, 3.1.1 and MQTT 5, each test naming those
 * it shows with {@link dev.dunlin.engine.conformance.Conformance}, and the product's own rules on permissions and limits. The
 * statements stand in a list for each version; the report holds the lists against the tests of the whole engine.
 * Knows the engine by its public face and its ports alone.
 */
@NullMarked
package dev.dunlin.engine.conformance;

import org.jspecify.annotations.NullMarked;
