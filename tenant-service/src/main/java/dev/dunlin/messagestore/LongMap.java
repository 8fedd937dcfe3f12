package dev.dunlin.messagestore;

import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A map from numbers most of which follow each other, for as many entries as there are messages. Neighbours share a page, so
 * that they are found without a search, and the garbage collector has no object for each of them. In no order; not to be
 * changed while it is gone through. Of one thread at a time.
 */
final class LongMap<V> {
    private static final int PAGE_BITS = 4;
    private static final int PAGE_SIZE = 1 << PAGE_BITS;
    private static final int PAGE_MASK = PAGE_SIZE - 1;
    private static final int MIN_CAPACITY = 4;
    private static final long FACTOR = 0x9E37_79B9_7F4A_7C15L;

    interface Visitor<V> {
        void entry(long key, V value);
    }

    private static final class Page {
        final long number;
        final @Nullable Object[] values = new @Nullable Object[PAGE_SIZE];
        int size;

        Page(long number) {
            this.number = number;
        }
    }

    /** By their hashes, at the next free slot if there is another. */
    private @Nullable Page[] pages = {};

    private int pageCount;
    private @Nullable Page last;
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    private int slotOf(long number) {
        return (int) (number * FACTOR >>> Integer.SIZE) & pages.length - 1;
    }

    /** Where the page is, or where it would be put. */
    private int find(long number) {
        int slot = slotOf(number);
        for (var page = pages[slot]; page != null && page.number != number; page = pages[slot]) {
            slot = slot + 1 & pages.length - 1;
        }
        return slot;
    }

    private @Nullable Page page(long key) {
        long number = key >> PAGE_BITS;
        var page = last;
        if (page != null && page.number == number) {
            return page;
        }
        page = pageCount == 0 ? null : pages[find(number)];
        last = page;
        return page;
    }

    private Page pageFor(long key) {
        var page = page(key);
        if (page == null) {
            if (2 * (pageCount + 1) > pages.length) {
                resize(Math.max(MIN_CAPACITY, 2 * pages.length));
            }
            page = new Page(key >> PAGE_BITS);
            pages[find(page.number)] = page;
            pageCount++;
            last = page;
        }
        return page;
    }

    /** Only {@link #put} fills pages, with values of this type. */
    @SuppressWarnings("unchecked")
    private @Nullable V valueAt(Page page, int index) {
        return (V) page.values[index];
    }

    @Nullable
    V get(long key) {
        var page = page(key);
        return page == null ? null : valueAt(page, (int) key & PAGE_MASK);
    }

    V getOrPut(long key, Supplier<V> first) {
        var value = get(key);
        if (value == null) {
            value = first.get();
            put(key, value);
        }
        return value;
    }

    boolean containsKey(long key) {
        return get(key) != null;
    }

    /** @return what was there before */
    @Nullable
    V put(long key, V value) {
        var page = pageFor(key);
        int index = (int) key & PAGE_MASK;
        var earlier = valueAt(page, index);
        page.values[index] = value;
        if (earlier == null) {
            page.size++;
            size++;
        }
        return earlier;
    }

    /** @return what was there */
    @Nullable
    V remove(long key) {
        var page = page(key);
        if (page == null) {
            return null;
        }
        int index = (int) key & PAGE_MASK;
        var removed = valueAt(page, index);
        if (removed != null) {
            page.values[index] = null;
            size--;
            if (--page.size == 0) {
                remove(page);
            }
        }
        return removed;
    }

    /** Moves those behind it to where they are found. */
    private void remove(Page page) {
        last = null;
        pageCount--;
        int mask = pages.length - 1;
        int gap = find(page.number);
        int slot = gap + 1 & mask;
        for (var next = pages[slot]; next != null; next = pages[slot]) {
            if ((slot - slotOf(next.number) & mask) >= (slot - gap & mask)) {
                pages[gap] = next;
                gap = slot;
            }
            slot = slot + 1 & mask;
        }
        pages[gap] = null;
        if (pages.length > MIN_CAPACITY && 8 * pageCount < pages.length) {
            resize(pages.length / 2);
        }
    }

    private void resize(int capacity) {
        var old = pages;
        pages = new @Nullable Page[capacity];
        for (var page : old) {
            if (page != null) {
                pages[find(page.number)] = page;
            }
        }
    }

    void forEach(Visitor<? super V> visitor) {
        for (var page : pages) {
            if (page != null) {
                for (int i = 0; i < PAGE_SIZE; i++) {
                    var value = valueAt(page, i);
                    if (value != null) {
                        visitor.entry(page.number << PAGE_BITS | i, value);
                    }
                }
            }
        }
    }

    /** In their order. */
    long[] sortedKeys() {
        var sorted = new long[size];
        int count = 0;
        for (var page : pages) {
            if (page != null) {
                for (int i = 0; i < PAGE_SIZE; i++) {
                    if (page.values[i] != null) {
                        sorted[count++] = page.number << PAGE_BITS | i;
                    }
                }
            }
        }
        Arrays.sort(sorted);
        return sorted;
    }
}
