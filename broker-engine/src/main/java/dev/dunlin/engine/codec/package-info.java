/**
 * Bytes to packets and packets to bytes. What comes in is read by a decoder of our own, which checks every rule of form
 * that the specification has, before anything is allocated on a stranger's word. What goes out at rate, PUBLISH and its
 * acknowledgements, is written in place; the rest is netty-codec-mqtt's. Knows packets and topics, and no connection.
 */
@NullMarked
package dev.dunlin.engine.codec;

import org.jspecify.annotations.NullMarked;
