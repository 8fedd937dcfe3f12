@NullMarked
package dev.dunlin.engine.routing;

import org.jspecify.annotations.NullMarked;
