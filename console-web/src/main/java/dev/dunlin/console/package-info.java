/**
 * The application: the start and the end of the process. Owns {@code main} and nothing else; the rooms below hold the pages,
 * and {@code process} joins them to the engine.
 */
@NullMarked
package dev.dunlin.console;

import org.jspecify.annotations.NullMarked;
