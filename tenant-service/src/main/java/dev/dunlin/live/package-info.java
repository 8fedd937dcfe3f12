/**
 * Live tokens: short-lived log-ins to the broker for a person who is signed in to the console. Owns their signature;
 * keeps no state.
 */
@NullMarked
package dev.dunlin.live;

import org.jspecify.annotations.NullMarked;
