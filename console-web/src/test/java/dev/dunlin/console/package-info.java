/**
 * Tests of the console: pages and security with the services mocked, then the whole application as a browser and an operator
 * meet it.
 */
@NullMarked
package dev.dunlin.console;

import org.jspecify.annotations.NullMarked;
