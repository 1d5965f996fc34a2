package dev.monopod.cli.down;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.terminal.CliException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DownStepsTest {
    @TempDir private Path folder;
    private final FakeKernel kernel = new FakeKernel();

    /// Remembers what was done to it; network namespaces go when they are deleted.
    private static final class FakeKernel implements Kernel {
        private final List<String> done = new ArrayList<>();
        private final List<String> namespaces = new ArrayList<>();
        private final List<String> links = new ArrayList<>();
        private final List<String> mounts = new ArrayList<>();
        private final Set<String> groups = new HashSet<>();
        private final Map<String, String> outputs = new HashMap<>();
        private Optional<String> trouble = Optional.empty();
        private boolean namespacesStay;

        @Override
        public String run(String... command) {
            String line = String.join(" ", command);
            if (line.equals("ip netns list")) {
                return String.join("\n", namespaces);
            }
            if (!outputs.containsKey(line)) {
                done.add(line);
            }
            if (line.startsWith("ip netns delete ") && !namespacesStay) {
                namespaces.removeIf(it -> it.split(" ", -1)[0].equals(command[3]));
            }
            return outputs.getOrDefault(line, "");
        }

        @Override
        public List<String> links() {
            return links;
        }

        @Override
        public List<String> mounts() {
            return mounts;
        }

        @Override
        public Set<String> controlGroups() {
            return Set.copyOf(groups);
        }

        @Override
        public void removeControlGroup(Path group) {
            done.add("rmdir " + group);
            groups.remove(group.toString());
        }

        @Override
        public Optional<String> removeNetwork(Path runDirectory) {
            done.add("network of " + runDirectory.getFileName());
            return trouble;
        }
    }

    @Test
    void removesByNameWhatAnotherVersionMade() {
        kernel.namespaces.addAll(List.of("monopod-vpc-default (id: 0)", "cni-1 (id: 1)"));
        kernel.links.addAll(List.of("lo", "eth0", "mp-default", "lamp-1"));
        kernel.outputs.put(
                "nft list tables",
                "table ip monopod\ntable inet filter\ntable ip monopod_hosts\ntable ip nat\n");

        steps().network();

        assertThat(kernel.done)
                .containsExactly(
                        "network of run",
                        "ip netns delete monopod-vpc-default",
                        "ip link delete mp-default",
                        "nft delete table ip monopod",
                        "nft delete table ip monopod_hosts");
    }

    @Test
    void forgivesTroubleWithANetworkThatIsGoneAllTheSame() {
        kernel.namespaces.add("monopod-vpc-default");
        kernel.trouble = Optional.of("nft hangs");

        steps().network();

        assertThat(kernel.namespaces).isEmpty();
    }

    @Test
    void tellsWhatStandsAgainstANetworkThatStays() {
        kernel.namespaces.add("monopod-vpc-default");
        kernel.namespacesStay = true;
        kernel.trouble = Optional.of("nft hangs");

        assertThatThrownBy(() -> steps().network())
                .isInstanceOf(CliException.class)
                .hasMessage("the network is not removed: nft hangs");
    }

    @Test
    void unmountsWhatIsInsideItsFoldersTheDeepestFirst() {
        Path data = folder.resolve("data");
        kernel.mounts.addAll(
                List.of(
                        "proc /proc proc rw 0 0",
                        "tmpfs " + data + "/a tmpfs rw 0 0",
                        "tmpfs " + data + "/a/b\\040c tmpfs rw 0 0",
                        "tmpfs " + folder.resolve("run") + "/s tmpfs rw 0 0",
                        "tmpfs " + data + "base tmpfs rw 0 0"));

        steps().mountsAndControlGroups();

        assertThat(kernel.done)
                .containsExactly(
                        "umount --lazy " + folder.resolve("run") + "/s",
                        "umount --lazy " + data + "/a/b c",
                        "umount --lazy " + data + "/a");
    }

    @Test
    void removesControlGroupsFromTheInsideOut() {
        kernel.groups.addAll(List.of("/cg/monopod", "/cg/monopod/m-1", "/cg/monopod/m-1/inner"));

        steps().mountsAndControlGroups();

        assertThat(kernel.done)
                .containsExactly(
                        "rmdir /cg/monopod/m-1/inner",
                        "rmdir /cg/monopod/m-1",
                        "rmdir /cg/monopod");
    }

    @Test
    void deletesNoFolderThatUpDidNotMake() throws IOException {
        Path precious = Files.createDirectories(folder.resolve("data/precious"));

        assertThatThrownBy(() -> steps().files(false)).isInstanceOf(CliException.class);
        assertThat(precious).exists();
    }

    @Test
    void deletesItsOwnFolderButFollowsNoLinkOutOfIt() throws IOException {
        Path data = Files.createDirectories(folder.resolve("data"));
        Path outside =
                Files.createFile(
                        Files.createDirectories(folder.resolve("outside")).resolve("file"));
        Files.createFile(layout().marker());
        Files.createSymbolicLink(data.resolve("link"), outside.getParent());

        steps().files(false);

        assertThat(data).doesNotExist();
        assertThat(outside).exists();
    }

    @Test
    void keepsTheDataButNoSocketsWhenAsked() throws IOException {
        Path data = Files.createDirectories(folder.resolve("data"));
        Path run = Files.createDirectories(folder.resolve("run"));

        steps().files(true);

        assertThat(data).exists();
        assertThat(run).doesNotExist();
    }

    @Test
    void readsWhenAProcessBeganThoughItsNameIsOdd() {
        String stat =
                "42 (a ) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 1 0 987654 1000 10 18446744073709551615";

        assertThat(DownSteps.afterName(stat)).startsWith("S 1 42");
        assertThat(DownSteps.startTicks(DownSteps.afterName(stat))).isEqualTo(987_654);
    }

    @Test
    void endsNoProcessByARecordThatIsNotOfIt() throws IOException {
        Path machine = Files.createDirectories(folder.resolve("data/machines/m-1"));
        long own = ProcessHandle.current().pid();
        Files.writeString(
                machine.resolve("machine.json"), "{\"pid\": %d, \"startTicks\": 1}".formatted(own));

        steps().machines();

        assertThat(ProcessHandle.current().isAlive()).isTrue();
    }

    private Layout layout() {
        return new Layout(folder, folder.resolve("data"), folder.resolve("run"));
    }

    private DownSteps steps() {
        return new DownSteps(layout(), kernel);
    }
}
