/**
 * The process: its settings, its start and its end, and the engine inside it. {@link dev.dunlin.console.process.EngineProcess}
 * is the one class that joins the tenant service to the engine; others learn of listeners from
 * {@link dev.dunlin.console.process.MqttEndpoints}. Knows nothing of pages.
 */
@NullMarked
package dev.dunlin.console.process;

import org.jspecify.annotations.NullMarked;
