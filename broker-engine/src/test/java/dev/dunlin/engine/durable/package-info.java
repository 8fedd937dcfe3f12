/** What outlives a crash of the engine, shown over raw sockets against a store whose commits a test holds back, loses or refuses. */
@NullMarked
package dev.dunlin.engine.durable;

import org.jspecify.annotations.NullMarked;
