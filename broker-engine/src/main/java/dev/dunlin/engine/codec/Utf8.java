package dev.dunlin.engine.codec;

/** UTF-8 to the letter of MQTT 5 §1.5.4: well-formed, no surrogates, no U+0000. */
final class Utf8 {
    private Utf8() {}

    static boolean isWellFormed(byte[] bytes, int from, int length) {
        int i = from;
        int end = from + length;
        while (i < end) {
            int b = bytes[i];
            if (b > 0) {
                i++;
                continue;
            }
            int size = sequenceAt(bytes, i, end);
            if (size == 0) {
                return false;
            }
            i += size;
        }
        return true;
    }

    /** Whether there is {@code +} or {@code #}, which no Topic Name has. */
    static boolean hasWildcard(byte[] bytes, int from, int length) {
        for (int i = from; i < from + length; i++) {
            if (bytes[i] == '+' || bytes[i] == '#') {
                return true;
            }
        }
        return false;
    }

    /** How many bytes the well-formed sequence at {@code i} has that does not begin with ASCII; 0 if it is none. */
    private static int sequenceAt(byte[] bytes, int i, int end) {
        int first = bytes[i] & 0xFF;
        if (first < 0xC2) {
            return 0; // U+0000, a continuation alone, or an overlong form
        }
        if (first < 0xE0) {
            return i + 1 < end && isContinuation(bytes[i + 1]) ? 2 : 0;
        }
        if (first < 0xF0) {
            if (i + 2 >= end || !isContinuation(bytes[i + 1]) || !isContinuation(bytes[i + 2])) {
                return 0;
            }
            int second = bytes[i + 1] & 0xFF;
            boolean overlong = first == 0xE0 && second < 0xA0;
            boolean surrogate = first == 0xED && second >= 0xA0;
            return overlong || surrogate ? 0 : 3;
        }
        if (first > 0xF4
                || i + 3 >= end
                || !isContinuation(bytes[i + 1])
                || !isContinuation(bytes[i + 2])
                || !isContinuation(bytes[i + 3])) {
            return 0;
        }
        int second = bytes[i + 1] & 0xFF;
        boolean overlong = first == 0xF0 && second < 0x90;
        boolean beyond = first == 0xF4 && second >= 0x90; // above U+10FFFF
        return overlong || beyond ? 0 : 4;
    }

    private static boolean isContinuation(byte b) {
        return (b & 0xC0) == 0x80;
    }
}
