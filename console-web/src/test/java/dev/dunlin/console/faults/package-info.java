/**
 * What the product does while its database is away, and when the disk is full: devices are served through it, and what they were
 * told is compared with what they find afterwards. {@link dev.dunlin.console.faults.FaultRun} is a command;
 * {@link dev.dunlin.console.faults.FaultTest} is its short form in the suite.
 */
@NullMarked
package dev.dunlin.console.faults;

import org.jspecify.annotations.NullMarked;
