/** Tests of the back-off on failed log-ins. */
@NullMarked
package dev.dunlin.console.security;

import org.jspecify.annotations.NullMarked;
