/** Settings: how an engine is told to run, and how it says that it cannot. Values only. */
@NullMarked
package dev.dunlin.engine.settings;

import org.jspecify.annotations.NullMarked;
