/**
 * Permissions: the rules of a credential and of the groups it is in. Owns the permission and group tables; knows
 * nothing of how the engine decides by them.
 */
@NullMarked
package dev.dunlin.permission;

import org.jspecify.annotations.NullMarked;
