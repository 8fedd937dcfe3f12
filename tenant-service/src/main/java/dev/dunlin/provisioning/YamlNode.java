package dev.dunlin.provisioning;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * A value in the file together with where it stands, so that every complaint can name the place. Complains of what is not of
 * the wanted form, and never repeats a value, which may be a secret.
 */
final class YamlNode {
    private final String file;
    private final String path;
    private final Node node;

    YamlNode(String file, String path, Node node) {
        this.file = file;
        this.path = path;
        this.node = node;
    }

    ProvisioningException wrong(String sentence) {
        var place = path.isEmpty() ? "" : ", " + path;
        return new ProvisioningException(
                file + ", line " + (node.getStartMark().getLine() + 1) + place + ": " + sentence);
    }

    private YamlNode child(String step, Node child) {
        var separator = path.isEmpty() || step.startsWith("[") ? "" : ".";
        return new YamlNode(file, path + separator + step, child);
    }

    private boolean isNull() {
        return node.getTag().equals(Tag.NULL);
    }

    String text() {
        if (!(node instanceof ScalarNode scalar) || !scalar.getTag().equals(Tag.STR)) {
            throw wrong(
                    node instanceof ScalarNode && !isNull()
                            ? "This must be a text: put it in quotes."
                            : "This must be a text.");
        }
        if (scalar.getValue().isBlank()) {
            throw wrong("This must not be empty.");
        }
        if (scalar.getValue().indexOf('\0') >= 0) {
            throw wrong("This must not contain a null character.");
        }
        return scalar.getValue();
    }

    /** One of the constants, written in lower case. */
    <E extends Enum<E>> E oneOf(E[] constants) {
        var names = new ArrayList<String>();
        var text = text();
        for (var constant : constants) {
            var name = constant.name().toLowerCase(java.util.Locale.ROOT);
            if (name.equals(text)) {
                return constant;
            }
            names.add(name);
        }
        throw wrong("This must be one of: " + String.join(", ", names) + ".");
    }

    boolean bool() {
        if (node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.BOOL)) {
            var value = scalar.getValue().toLowerCase(java.util.Locale.ROOT);
            if (value.equals("true") || value.equals("false")) {
                return value.equals("true");
            }
        }
        throw wrong("This must be true or false.");
    }

    long number() {
        if (node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.INT)) {
            try {
                return Long.parseLong(scalar.getValue().replace("_", ""));
            } catch (NumberFormatException notDecimal) {
                throw wrong("This must be a whole number.");
            }
        }
        throw wrong("This must be a whole number.");
    }

    boolean isText(String text) {
        return node instanceof ScalarNode scalar && scalar.getValue().equals(text);
    }

    <T> List<T> list(Function<YamlNode, T> read) {
        if (!(node instanceof SequenceNode sequence) || !sequence.getTag().equals(Tag.SEQ)) {
            throw wrong("This must be a list.");
        }
        var items = new ArrayList<T>();
        for (var item : sequence.getValue()) {
            items.add(read.apply(child("[" + items.size() + "]", item)));
        }
        return items;
    }

    /** The mapping, of which {@code known} keys may appear, each once. */
    Mapping mapping(String... known) {
        if (!(node instanceof MappingNode mapping) || !mapping.getTag().equals(Tag.MAP)) {
            throw wrong("This must be a mapping with " + String.join(", ", known) + ".");
        }
        var values = new LinkedHashMap<String, YamlNode>();
        for (var entry : mapping.getValue()) {
            var key = child("", entry.getKeyNode()).key();
            var value = child(key, entry.getValueNode());
            if (!List.of(known).contains(key)) {
                throw new YamlNode(file, path, entry.getKeyNode())
                        .wrong("There is no \"" + key + "\" here, only " + String.join(", ", known) + ".");
            }
            if (values.put(key, value) != null) {
                throw value.wrong("This is given twice.");
            }
        }
        return new Mapping(this, values);
    }

    private String key() {
        if (node instanceof ScalarNode scalar) {
            var key = scalar.getValue();
            return key.length() <= 60 ? key : key.substring(0, 60) + "…";
        }
        throw wrong("A key must be a text.");
    }

    /** A mapping's values by key. A key without a value counts as absent. */
    record Mapping(YamlNode at, Map<String, YamlNode> values) {
        Optional<YamlNode> get(String key) {
            return Optional.ofNullable(values.get(key)).filter(value -> !value.isNull());
        }

        YamlNode require(String key) {
            return get(key).orElseThrow(() -> at.wrong("\"" + key + "\" is missing."));
        }

        @Nullable
        String text(String key) {
            return get(key).map(YamlNode::text).orElse(null);
        }

        /** Empty if the key is absent. */
        <T> List<T> list(String key, Function<YamlNode, T> read) {
            return get(key).map(value -> value.list(read)).orElse(List.of());
        }
    }
}
