@NullMarked
package dev.dunlin.engine.access;

import org.jspecify.annotations.NullMarked;
