package dev.dunlin.engine.benchmark;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a command was given, as {@code name=value}. */
final class Arguments {
    private final Map<String, String> byName = new LinkedHashMap<>();

    private Arguments() {}

    /** @param defaults all that are known, in the same form */
    static Arguments of(String[] given, String... defaults) {
        var arguments = new Arguments();
        for (var known : defaults) {
            var parts = known.split("=", 2);
            arguments.byName.put(parts[0], parts[1]);
        }
        for (var argument : given) {
            var parts = argument.split("=", 2);
            if (parts.length < 2 || arguments.byName.replace(parts[0], parts[1]) == null) {
                throw new IllegalArgumentException("Unknown: " + argument + "; known are " + arguments.byName.keySet());
            }
        }
        return arguments;
    }

    String get(String name) {
        var value = byName.get(name);
        if (value == null) {
            throw new IllegalArgumentException("No argument is called " + name);
        }
        return value;
    }

    /** Values with commas between them. */
    List<String> list(String name) {
        var value = get(name);
        return value.isBlank() ? List.of() : List.of(value.split(","));
    }
}
