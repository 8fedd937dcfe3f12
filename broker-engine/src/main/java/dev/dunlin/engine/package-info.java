/**
 * The MQTT engine as its host sees it: {@link dev.dunlin.engine.BrokerEngine} starts the listeners and stops them again,
 * with settings and ports given once. Wires the rooms below together and holds no logic of its own.
 */
@NullMarked
package dev.dunlin.engine;

import org.jspecify.annotations.NullMarked;
