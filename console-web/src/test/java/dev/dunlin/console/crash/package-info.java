/**
 * Nothing acknowledged is lost: devices publish, subscribe and retain while the whole product is killed again and again, and
 * what they were told is compared with what they find afterwards. {@link dev.dunlin.console.crash.CrashRun} is a command;
 * {@link dev.dunlin.console.crash.CrashTest} is its short form in the suite.
 */
@NullMarked
package dev.dunlin.console.crash;

import org.jspecify.annotations.NullMarked;
