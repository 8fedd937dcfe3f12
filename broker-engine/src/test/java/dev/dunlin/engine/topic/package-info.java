@NullMarked
package dev.dunlin.engine.topic;

import org.jspecify.annotations.NullMarked;
