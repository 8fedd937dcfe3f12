/** Tests of the process itself. */
@NullMarked
package dev.dunlin.console.process;

import org.jspecify.annotations.NullMarked;
