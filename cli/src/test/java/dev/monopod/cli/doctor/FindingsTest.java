package dev.monopod.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.cli.doctor.Findings.ControlGroups;
import dev.monopod.cli.doctor.Findings.Kvm;
import dev.monopod.cli.doctor.Probe.Level;
import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.model.network.Cidr;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class FindingsTest {
    private static final Cidr VPC = Cidr.parse("192.168.0.0/16");

    @ParameterizedTest
    @CsvSource({
        "2097151, FAIL", // a KiB less than 2 GiB
        "2097152, WARN",
        "4194303, WARN",
        "4194304, PASS"
    })
    void wantsTwoGibibytesOfMemoryAndLikesFour(long kibibytes, Level level) {
        assertThat(
                        Findings.memory(
                                        List.of(
                                                "MemTotal:       99999999 kB",
                                                "MemAvailable:   " + kibibytes + " kB"))
                                .level())
                .isEqualTo(level);
    }

    @Test
    void takesUnknownMemoryForNone() {
        assertThat(Findings.memory(List.of("MemTotal: 99999999 kB")).level()).isEqualTo(Level.FAIL);
    }

    @ParameterizedTest
    @CsvSource({"1.9, FAIL", "2.0, WARN", "9.9, WARN", "10.0, PASS"})
    void wantsTwoGibibytesOfDiskAndLikesTen(double gibibytes, Level level) {
        Probe probe = Findings.disk((long) (gibibytes * (1L << 30)), Path.of("/var/lib/monopod"));

        assertThat(probe.level()).isEqualTo(level);
        assertThat(probe.detail()).isEqualTo(gibibytes + " GiB free for /var/lib/monopod");
    }

    @Test
    void namesThePortsThatAreTakenAndHowToFindWhoHoldsThem() {
        Probe probe = Findings.ports(List.of(6443, 9440));

        assertThat(probe.level()).isEqualTo(Level.FAIL);
        assertThat(probe.detail()).isEqualTo("taken: 6443, 9440");
        assertThat(probe.fix()).contains("sport = :6443");
        assertThat(Findings.ports(List.of()).level()).isEqualTo(Level.PASS);
    }

    @ParameterizedTest
    @CsvSource({
        "192.168.3.0/24, WARN",
        "192.0.0.0/8, WARN",
        "192.168.0.1/32, WARN",
        "192.169.0.0/16, PASS"
    })
    void warnsOfARouteIntoTheVpc(String routed, Level level) {
        Probe probe = Findings.addresses(VPC, List.of(Cidr.parse(routed)));

        assertThat(probe.level()).isEqualTo(level);
        if (level == Level.WARN) {
            assertThat(probe.detail()).contains("192.168.0.0/16", routed);
        }
    }

    @Test
    void failsForAnybodyButRoot() {
        assertThat(Findings.root("root").level()).isEqualTo(Level.PASS);
        assertThat(Findings.root("ann"))
                .isEqualTo(
                        Probe.fail(
                                "root",
                                "no: user ann",
                                "run monopod as root, for example with sudo"));
    }

    @Test
    void namesAllProgramsThatAreMissing() {
        Probe probe = Findings.programs(List.of("nft", "sqfstar"));

        assertThat(probe.level()).isEqualTo(Level.FAIL);
        assertThat(probe.detail()).isEqualTo("missing: nft, sqfstar");
        assertThat(Findings.programs(List.of()).level()).isEqualTo(Level.PASS);
    }

    @Test
    void onlyWarnsOfWhatUpBuilds() {
        assertThat(Findings.built(Path.of("/dist"), List.of(Path.of("/dist/x"))))
                .isEqualTo(Probe.warn("build", "not built: [/dist/x]", "./monopod build"));
        assertThat(Findings.built(Path.of("/dist"), List.of()).level()).isEqualTo(Level.PASS);
    }

    @Test
    void failsWithoutTunDevice() {
        assertThat(Findings.tun(false).level()).isEqualTo(Level.FAIL);
        assertThat(Findings.tun(true).level()).isEqualTo(Level.PASS);
    }

    @ParameterizedTest
    @CsvSource({"V2, PASS", "V1_OR_HYBRID, WARN", "NONE, WARN"})
    void livesWithoutControlGroups(ControlGroups mounted, Level level) {
        assertThat(Findings.controlGroups(mounted).level()).isEqualTo(level);
    }

    @ParameterizedTest
    @EnumSource(value = Kvm.class, mode = EnumSource.Mode.EXCLUDE, names = "TO_BE_TRIED")
    void bootsNoMachineWhereItCannotWork(Kvm kvm) {
        Probe probe =
                Findings.accelerator(
                        kvm,
                        () -> {
                            throw new AssertionError("booted");
                        });

        assertThat(probe.level()).isEqualTo(Level.WARN);
        assertThat(probe.fix()).isNotEmpty();
    }

    @Test
    void believesKvmOnlyWhenAMachineBoots() {
        assertThat(Findings.accelerator(Kvm.TO_BE_TRIED, () -> Accelerator.KVM).level())
                .isEqualTo(Level.PASS);
        assertThat(Findings.accelerator(Kvm.TO_BE_TRIED, () -> Accelerator.TCG).detail())
                .isEqualTo("TCG: /dev/kvm opens, but no kernel boots under it");
    }

    @Test
    void everyFindingThatDoesNotPassNamesARemedy() {
        Stream.of(
                        Findings.root("ann"),
                        Findings.programs(List.of("nft")),
                        Findings.built(Path.of("/d"), List.of(Path.of("/d/x"))),
                        Findings.tun(false),
                        Findings.controlGroups(ControlGroups.V1_OR_HYBRID),
                        Findings.controlGroups(ControlGroups.NONE),
                        Findings.memory(List.of()),
                        Findings.disk(0, Path.of("/d")),
                        Findings.ports(List.of(1)),
                        Findings.addresses(VPC, List.of(VPC)),
                        Findings.accelerator(Kvm.TO_BE_TRIED, () -> Accelerator.TCG))
                .forEach(probe -> assertThat(probe.fix()).as(probe.name()).isNotEmpty());
    }

    @Test
    void printsTheRemedyBelowTheFinding() {
        assertThat(Findings.tun(false).line().lines()).hasSize(2);
        assertThat(Findings.tun(false).line())
                .startsWith("FAIL  /dev/net/tun")
                .contains("→ modprobe");
        assertThat(Findings.tun(true).line()).isEqualTo("PASS  /dev/net/tun           usable");
    }
}
