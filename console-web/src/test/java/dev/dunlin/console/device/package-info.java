/** Tests of what the device pages print. */
@NullMarked
package dev.dunlin.console.device;

import org.jspecify.annotations.NullMarked;
