/**
 * What all pages share: the frame's model, and pages for what went wrong. Knows no page in particular.
 */
@NullMarked
package dev.dunlin.console.page;

import org.jspecify.annotations.NullMarked;
