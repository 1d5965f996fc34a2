package dev.monopod.host.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.host.network.HostNetwork.OpenTap;
import dev.monopod.host.network.HostNetwork.PodInterface;
import dev.monopod.host.network.HostNetwork.VpcNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The host's network on the real kernel. Needs root, and a host that carries no Monopod now.
final class LinuxHostNetworkIT {
    private static final String NAMESPACE = "monopod-vpc-it";

    @TempDir Path runDirectory = Path.of("/nonexistent");
    private String before = "";

    @BeforeEach
    void needsAFreeHost() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root for netns");
        var taken =
                HostCommand.ofThisHost()
                        .run(List.of("ip", "netns", "list"), "")
                        .contains("monopod-vpc-");
        assumeTrue(!taken, "skipped: Monopod runs on this host");
        before = state();
    }

    @AfterEach
    void leavesTheHostAsItWas() throws IOException {
        if (!before.isEmpty()) {
            network().removeAll();
            assertThat(state()).isEqualTo(before);
        }
    }

    @Test
    void routesPodsByTapAndForgetsThemWhenDetached() {
        var network = network();
        network.ensureVpc(VpcNetwork.ofFirstHost("it", "10.77.0.0/16", "10.78.0.0/16"));
        network.ensureVpc(VpcNetwork.ofFirstHost("it", "10.77.0.0/16", "10.78.0.0/16"));
        var one = network.attach(pod("m-one", "10.77.0.10"));
        assertThat(network.attach(pod("m-one", "10.77.0.10"))).isEqualTo(one);
        var two = network.attach(pod("m-two", "10.77.0.11"));

        assertThat(run("ip", "-n", NAMESPACE, "route", "get", "10.77.0.10"))
                .contains("dev " + one.tapName());
        assertThat(run("ip", "route", "get", "10.77.0.10")).contains("dev mp-it");
        assertThat(pods()).contains(one.tapName(), two.tapName());

        // A new agent knows nothing and finds all.
        network().retainOnly(List.of("m-two"));
        assertThat(pods()).doesNotContain(one.tapName()).contains(two.tapName());
        network().detach("m-two");
        network().detach("m-two");
        assertThat(pods()).doesNotContain("mp-");
        assertThat(run("ip", "-n", NAMESPACE, "-br", "link")).doesNotContain("mp-");
    }

    @Test
    void takesTheTapThatAMachineHasOpenInPlaceOfThePods() throws Exception {
        var network = network();
        network.ensureVpc(VpcNetwork.ofFirstHost("it", "10.77.0.0/16", "10.78.0.0/16"));
        var ordinary = network.attach(pod("m-one", "10.77.0.10"));
        var script = "ip tuntap add dev waits mode tap && echo made && exec sleep 60";
        var holder = new ProcessBuilder("unshare", "--net", "sh", "-c", script).start();
        try {
            assertThat(holder.inputReader().readLine()).isEqualTo("made");
            var opened = Optional.of(new OpenTap(holder.pid(), "waits"));
            assertThat(network.attach(pod("m-one", "10.77.0.10"), opened)).isEqualTo(ordinary);
            assertThat(run("ip", "-n", NAMESPACE, "-br", "link")).containsOnlyOnce("mp-");
            assertThat(run("ip", "-n", NAMESPACE, "route", "get", "10.77.0.10"))
                    .contains("dev " + ordinary.tapName());
            assertThatThrownBy(() -> network.attach(pod("m-two", "10.77.0.11"), opened))
                    .as("it is there no longer")
                    .isInstanceOf(NetworkException.class);
            network.detach("m-one");
            assertThat(pods()).doesNotContain(ordinary.tapName());
        } finally {
            holder.destroyForcibly().waitFor();
        }
    }

    @Test
    void namesTheRangeThatIsNone() {
        assertThatThrownBy(() -> VpcRange.parse("10.77.0.1/16"))
                .hasMessageContaining("\"10.77.0.1/16\"");
        assertThatThrownBy(() -> VpcRange.parse("10.77.0.0")).hasMessageContaining("cidr");
        assertThat(VpcRange.parse("192.168.0.0/16").address(260)).isEqualTo("192.168.1.4");
    }

    private LinuxHostNetwork network() {
        return new LinuxHostNetwork(runDirectory);
    }

    private static PodInterface pod(String id, String address) {
        return new PodInterface(id, "it", address, "10.77.0.1", "02:00:0a:4d:00:0a");
    }

    private static String pods() {
        return run("ip", "netns", "exec", NAMESPACE, "nft", "list", "set", "ip", "monopod", "pods");
    }

    private static String state() throws IOException {
        return run("ip", "-br", "link")
                + run("ip", "route")
                + run("ip", "netns")
                + run("nft", "list", "tables")
                + Files.readString(Path.of("/proc/sys/net/ipv4/ip_forward"));
    }

    private static String run(String... command) {
        return HostCommand.ofThisHost().run(List.of(command), "");
    }
}
