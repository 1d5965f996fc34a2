package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// When copies share their template's memory, and what is counted of it.
final class SharingTest {
    /// What a machine of 512 MiB has in all.
    private static final long SMALL = 626;

    private static final HostMemory LARGE_HOST = new HostMemory(65_536, 65_536);

    @Test
    void sharesSmallMachinesOnAHostWithRoomForManyOfThem() {
        assertThat(new Sharing(LARGE_HOST, 0).allows(512)).isTrue();
        assertThat(new Sharing(LARGE_HOST, 0).allows(1024)).isTrue();
        assertThat(new Sharing(LARGE_HOST, 0).allows(1025)).isFalse();
        assertThat(new Sharing(LARGE_HOST, 0).allows(8192)).isFalse();
    }

    @Test
    void sharesNothingOnAHostThatHasNoRoomForEightOfThemNow() {
        assertThat(new Sharing(new HostMemory(65_536, 8 * SMALL), 0).allows(512)).isTrue();
        assertThat(new Sharing(new HostMemory(65_536, 8 * SMALL - 1), 0).allows(512)).isFalse();
    }

    @Test
    void templatesShareAnEighthOfTheHostAtMostHoweverManyOldOnesAreLeft() {
        var host = new HostMemory(8 * 3 * SMALL, 65_536);
        assertThat(new Sharing(host, 2 * SMALL).allows(512)).isTrue();
        assertThat(new Sharing(host, 2 * SMALL + 1).allows(512)).isFalse();
    }

    @Test
    void readsTheHostsMemoryAsTheKernelTellsIt() throws IOException {
        var lines = List.of("MemTotal:  24683776 kB", "MemFree: 1 kB", "MemAvailable: 2048 kB");
        assertThat(HostMemory.parse(lines)).isEqualTo(new HostMemory(24_105, 2));
        assertThat(HostMemory.read().totalMebiBytes()).isPositive();
        assertThatThrownBy(() -> HostMemory.parse(List.of("MemTotal: many kB")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("MemTotal: many kB");
        assertThatThrownBy(() -> HostMemory.parse(lines.subList(0, 2)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no MemAvailable:");
    }

    @Test
    void believesNoDamagedNoteOfWhatIsShared() throws IOException {
        var part = new SharedMemory("template-0a", SMALL);
        assertThat(SharedMemory.parse(part.toString())).isEqualTo(part);
        for (var damaged : List.of("", "template-0a", "template-0a -1", "template-0a x", " 5")) {
            assertThatThrownBy(() -> SharedMemory.parse(damaged))
                    .as(damaged)
                    .isInstanceOf(IOException.class);
        }
    }
}
