package dev.monopod.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class DiskPressureTest {
    private static final long GIB = 1L << 30;

    private DiskPressure.Space space = new DiskPressure.Space(0, 0);
    private final DiskPressure pressure = new DiskPressure(Path.of("/data"), () -> space);

    @Test
    void holdsFromATenthOfASmallFileSystemUntilHalfAsMuchMoreIsFree() throws IOException {
        assertThat(with(20 * GIB, 2 * GIB)).isFalse();
        assertThat(with(20 * GIB, 2 * GIB - 1)).isTrue();
        assertThat(with(20 * GIB, 3 * GIB - 1)).isTrue();
        assertThat(with(20 * GIB, 3 * GIB)).isFalse();
        assertThat(with(20 * GIB, 2 * GIB)).isFalse();
    }

    @Test
    void leavesALargeOneInPeaceUntilFiveGibibytes() throws IOException {
        assertThat(with(1000 * GIB, 6 * GIB)).isFalse();
        assertThat(with(1000 * GIB, 4 * GIB)).isTrue();
        assertThat(pressure.now().message())
                .isEqualTo(
                        "/data: 4096 of 1024000 MiB are free; no machine comes here until 7680 are");
    }

    private boolean with(long total, long usable) throws IOException {
        space = new DiskPressure.Space(total, usable);
        return pressure.now().holds();
    }
}
