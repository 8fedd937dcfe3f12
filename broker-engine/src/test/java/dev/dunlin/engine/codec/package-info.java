@NullMarked
package dev.dunlin.engine.codec;

import org.jspecify.annotations.NullMarked;
