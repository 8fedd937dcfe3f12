/**
 * The pages before one is inside: home, sign-up and log-in. Owns their forms; the log-in itself is the security package's.
 */
@NullMarked
package dev.dunlin.console.account;

import org.jspecify.annotations.NullMarked;
