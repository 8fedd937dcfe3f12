package dev.dunlin.engine.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The statements of the specification that a test shows, e.g. {@code "MQTT 5 [MQTT-3.3.4-9]"} or {@code "MQTT 5 §4.9"}: each
 * as it stands in the list of its version, {@code mqtt-5.txt} and its neighbours.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Conformance {
    String[] value();
}
