/**
 * Problems: what was refused, in plain words, with why and what to do. Owns the words for each reason; knows nothing of how
 * incidents come about.
 */
@NullMarked
package dev.dunlin.console.problem;

import org.jspecify.annotations.NullMarked;
