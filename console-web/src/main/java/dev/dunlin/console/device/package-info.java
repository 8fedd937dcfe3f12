/**
 * Devices: the list, one device with its permissions, and what it takes to connect it. Owns the snippets and the few minutes
 * that a new secret is kept for the page that shows it. "Device" is the word on the pages for what the services call a
 * credential.
 */
@NullMarked
package dev.dunlin.console.device;

import org.jspecify.annotations.NullMarked;
