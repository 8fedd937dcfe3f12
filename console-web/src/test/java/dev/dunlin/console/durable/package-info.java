/**
 * Devices whose sessions outlive their connections, and that remember what they were told: publishers of numbers, and
 * subscribers that say at the end what they lack, have twice, or have out of order.
 */
@NullMarked
package dev.dunlin.console.durable;

import org.jspecify.annotations.NullMarked;
