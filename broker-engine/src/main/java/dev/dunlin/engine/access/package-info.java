/**
 * Access: the permission rules of one client, compiled to answers. Immutable snapshots that any event loop may ask; where
 * they come from and to whom they apply is not known here.
 */
@NullMarked
package dev.dunlin.engine.access;

import org.jspecify.annotations.NullMarked;
