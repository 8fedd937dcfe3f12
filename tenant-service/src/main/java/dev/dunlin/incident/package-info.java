/**
 * Incidents: what was refused, as the Problems page shows it, folded and counted. Owns the incident table and the
 * queue in front of it; knows nothing of the engine but the value that it reports.
 */
@NullMarked
package dev.dunlin.incident;

import org.jspecify.annotations.NullMarked;
