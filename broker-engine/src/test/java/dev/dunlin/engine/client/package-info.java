/**
 * Tests with the clients that people use, over every transport, and of what a client can learn: nothing of another tenant,
 * and no more of a refusal than its code says.
 */
@NullMarked
package dev.dunlin.engine.client;

import org.jspecify.annotations.NullMarked;
