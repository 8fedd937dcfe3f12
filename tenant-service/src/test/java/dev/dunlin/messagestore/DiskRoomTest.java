package dev.dunlin.messagestore;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiskRoomTest {
    @ParameterizedTest(name = "{1} of {0} MB free: {2}")
    @CsvSource({
        "100000, 300, false",
        "100000, 200, true",
        "4000, 210, false",
        "4000, 190, true",
        "600, 100, false",
        "600, 90, true"
    })
    void keepsRoomForWhatDeliveringNeedsOnASmallDiskToo(long totalMegabytes, long freeMegabytes, boolean isShort) {
        var room = new DiskRoom(new DiskRoom.Probe() {
            @Override
            public long freeBytes() {
                return freeMegabytes << 20;
            }

            @Override
            public long totalBytes() {
                return totalMegabytes << 20;
            }
        });
        assertThat(room.isShort()).isEqualTo(isShort);
    }
}
