package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Gives folders to groups, which only root can.
final class MachineUsersTest {
    private static final long FIRST = MachineUsers.FIRST;
    private static final long LAST = FIRST + MachineUsers.COUNT - 1;

    @TempDir Path folder;

    @BeforeEach
    void needsRoot() {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root");
    }

    @Test
    void givesEachMachineANumberOfItsOwn() throws IOException {
        var users = from(0);
        assertThat(users.claim(machine("a"))).isEqualTo(FIRST);
        assertThat(users.claim(machine("b"))).isEqualTo(FIRST + 1);
    }

    @Test
    void knowsTheNumbersOfAnEarlierAgentsMachines() throws IOException {
        from(7).claim(machine("a"));
        assertThat(from(7).claim(machine("b"))).isEqualTo(FIRST + 8);
    }

    @Test
    void givesANumberAgainWhenItsMachineIsGone() throws IOException {
        from(7).claim(machine("a"));
        Files.delete(machine("a"));
        assertThat(from(7).claim(machine("b"))).isEqualTo(FIRST + 7);
    }

    @Test
    void beginsAgainBehindTheLastNumber() throws IOException {
        var users = from(MachineUsers.COUNT - 1);
        assertThat(users.claim(machine("a"))).isEqualTo(LAST);
        assertThat(users.claim(machine("b"))).isEqualTo(FIRST);
    }

    @Test
    void leavesOutWhatTheHostHasGivenAway() throws IOException {
        write("passwd", "root:x:0:0:root:/root:/bin/sh\nu:x:%d:1::/:/bin/sh\n".formatted(FIRST));
        write("group", "g:x:%d:\n+::0:\n".formatted(FIRST + 1));
        write("subuid", "u:%d:2\nnot a line\n".formatted(FIRST + 2));
        write("subgid", "u:%d:3\nv:100000:65536\n".formatted(FIRST + 3));
        assertThat(from(0).claim(machine("a"))).isEqualTo(FIRST + 6);
    }

    @Test
    void failsAndLeavesNothingWhenAllAreTaken() throws IOException {
        write("subuid", "u:%d:%d\n".formatted(FIRST, MachineUsers.COUNT));
        assertThatThrownBy(() -> from(0).claim(machine("a")))
                .isInstanceOf(MachineException.class)
                .hasMessageContaining("65536");
        assertThat(machine("a")).doesNotExist();
    }

    @Test
    void refusesASecondMachineOfOneNameAndKeepsTheFirst() throws IOException {
        from(0).claim(machine("a"));
        assertThatThrownBy(() -> from(0).claim(machine("a")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(Files.getAttribute(machine("a"), "unix:gid")).isEqualTo((int) FIRST);
    }

    @Test
    void closesTheFolders() throws IOException {
        from(0).claim(machine("a"));
        for (var path : new Path[] {machine("a"), machine("a").getParent()}) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rwx------");
        }
    }

    private MachineUsers from(int start) {
        return new MachineUsers(machine("a").getParent(), folder, new Always(start));
    }

    private Path machine(String id) {
        return folder.resolve("machines").resolve(id);
    }

    private void write(String file, String content) throws IOException {
        Files.writeString(folder.resolve(file), content);
    }

    private record Always(int number) implements RandomGenerator {
        @Override
        public long nextLong() {
            throw new UnsupportedOperationException();
        }

        @Override
        public int nextInt(int bound) {
            return number;
        }
    }
}
