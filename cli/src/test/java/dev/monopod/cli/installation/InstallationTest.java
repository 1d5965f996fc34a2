package dev.monopod.cli.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.cli.terminal.CliException;
import dev.monopod.model.network.Cidr;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class InstallationTest {
    @TempDir private Path folder;

    static Stream<Standing> standings() {
        return Stream.of(
                new Standing.Alone(),
                new Standing.First("198.51.100.1"),
                new Standing.Member("10.100.0.10", "198.51.100.2", "10.42.0.5"),
                new Standing.Guest(
                        Path.of("/etc/k"),
                        "10.32.0.10",
                        Optional.empty(),
                        Optional.empty(),
                        Standing.Role.CONTROLLER_AND_AGENT),
                new Standing.Guest(
                        Path.of("/etc/k"),
                        "10.32.0.10",
                        Optional.of("198.51.100.3"),
                        Optional.of("10.42.0.6"),
                        Standing.Role.AGENT_ONLY));
    }

    @ParameterizedTest
    @MethodSource("standings")
    void survivesItsFile(Standing standing) {
        Installation made = installation(standing);

        made.write(layout());

        assertThat(Installation.read(layout())).contains(made);
    }

    @Test
    void isNotThereBeforeTheFirstUp() {
        assertThat(Installation.read(layout())).isEmpty();
    }

    @Test
    void readsWhatAVersionWroteThatKnewOfOneHostOnly() throws IOException {
        write(
                "\"cpuOvercommit\": 0, \"storageOvercommit\": 3, \"kubeconfig\": \"\", \"joinedDns\": \"\"");

        Installation read = Installation.read(layout()).orElseThrow();

        assertThat(read.standing()).isEqualTo(new Standing.Alone());
        assertThat(read.hostAddress()).isEqualTo("10.42.0.4");
        assertThat(read.overcommit()).isEqualTo(new Overcommit(10, 3));
    }

    /// As commit 5ebcc40 left it, and with what only a later version knows.
    @ParameterizedTest
    @ValueSource(strings = {"", "\"format\" : 1,", "\"zones\" : {\"a\" : 1},"})
    void readsWhatAnotherVersionWrote(String more) throws IOException {
        Files.writeString(layout().installation(), earlier().replaceFirst("\\{", "{" + more));

        Installation read = Installation.read(layout()).orElseThrow();

        assertThat(read.standing()).isEqualTo(new Standing.First("192.0.2.2"));
        assertThat(read.network().range()).isEqualTo(Cidr.parse("192.168.0.0/16"));
    }

    @Test
    void leavesAFileOfALaterFormatAloneAndSaysWhatToDo() throws IOException {
        var later = earlier().replaceFirst("\\{", "{\"format\" : 2,");
        Files.writeString(layout().installation(), later);

        assertThatThrownBy(() -> Installation.read(layout()))
                .hasMessageContaining(
                        "cannot read " + layout().installation() + ": it is of format 2")
                .hasMessageContaining("run the later version here again");
        assertThat(layout().installation()).hasContent(later);
    }

    private static String earlier() throws IOException {
        try (InputStream file =
                Objects.requireNonNull(
                        InstallationTest.class.getResourceAsStream("/earlier/up.json"))) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void knowsAMemberOfAnEarlierVersionByTheNameOfItsKubeconfig() throws IOException {
        write(
                """
                "cpuOvercommit": 10, "storageOvercommit": 10, "joinedDns": "10.100.0.10",
                "kubeconfig": "/var/lib/monopod/kubeconfig/joined.kubeconfig",
                "place": {"underlayAddress": "198.51.100.2", "givenAddress": "10.42.0.5"}\
                """);

        assertThat(Installation.read(layout()).orElseThrow().standing())
                .isEqualTo(new Standing.Member("10.100.0.10", "198.51.100.2", "10.42.0.5"));
    }

    @Test
    void knowsAGuestOfAnEarlierVersion() throws IOException {
        write(
                """
                "cpuOvercommit": 10, "storageOvercommit": 10, "joinedDns": "10.32.0.10",
                "kubeconfig": "/root/their.kubeconfig",
                "place": {"underlayAddress": "198.51.100.2", "givenAddress": ""}\
                """);

        assertThat(Installation.read(layout()).orElseThrow().standing())
                .isEqualTo(
                        new Standing.Guest(
                                Path.of("/root/their.kubeconfig"),
                                "10.32.0.10",
                                Optional.of("198.51.100.2"),
                                Optional.empty(),
                                Standing.Role.CONTROLLER_AND_AGENT));
    }

    @Test
    void knowsTheFirstHostOfAnEarlierVersion() throws IOException {
        write(
                """
                "cpuOvercommit": 10, "storageOvercommit": 10, "joinedDns": "", "kubeconfig": "",
                "place": {"underlayAddress": "198.51.100.2", "givenAddress": ""}\
                """);

        assertThat(Installation.read(layout()).orElseThrow().standing())
                .isEqualTo(new Standing.First("198.51.100.2"));
    }

    @ParameterizedTest
    @MethodSource("standings")
    void aControllerRunsWhereAControlPlaneDoesAndWhereTheOperatorSays(Standing standing) {
        var controller =
                switch (standing) {
                    case Standing.Alone _, Standing.First _ -> true;
                    case Standing.Member _ -> false;
                    case Standing.Guest guest -> guest.role() == Standing.Role.CONTROLLER_AND_AGENT;
                };
        assertThat(supervisor(standing).contains("monopod-controller-0.1.0.jar"))
                .isEqualTo(controller);
        assertThat(supervisor(standing).contains("joined-controller.kubeconfig"))
                .isEqualTo(controller && standing instanceof Standing.Guest);
        assertThat(supervisor(standing)).contains("monopod-agent-0.1.0.jar");
    }

    @Test
    void aHostOfItsOwnClusterRunsAControlPlane() {
        assertThat(supervisor(new Standing.First("198.51.100.1")))
                .contains("\"controlPlane\" : true", "\"kubeconfig\" : \"\"")
                .contains("\"hostAddress\" : \"10.42.0.4\"", "\"dnsAddress\" : \"10.100.0.10\"")
                .contains("\"networkNamespace\" : \"monopod-vpc-default\"")
                .contains("198.51.100.1", "--underlay-address", "--gateway-api", "/pki/ca.crt")
                .doesNotContain("--host-address");
    }

    @Test
    void aHostAloneHasNoUnderlayAddress() {
        assertThat(supervisor(new Standing.Alone()))
                .contains("\"extraNames\" : [ \"host\" ]")
                .doesNotContain("--underlay-address");
    }

    @Test
    void aMemberHasAnAddressOfItsOwn() {
        assertThat(supervisor(new Standing.Member("10.100.0.10", "198.51.100.2", "10.42.0.5")))
                .contains("\"hostAddress\" : \"10.42.0.5\"", "\"controlPlane\" : false")
                .contains("--host-address", "--underlay-address", "198.51.100.2")
                .contains(folder + "/kubeconfig/joined.kubeconfig", "/pki/joined-client-ca.crt");
    }

    @Test
    void aGuestLeavesDefinitionsToTheAdministratorAndIsReachedByTheirApiServer() {
        assertThat(
                        supervisor(
                                new Standing.Guest(
                                        Path.of("/etc/k"),
                                        "10.32.0.10",
                                        Optional.empty(),
                                        Optional.empty(),
                                        Standing.Role.CONTROLLER_AND_AGENT)))
                .contains(
                        "0.0.0.0:9443", "https://10.42.0.4:9443", "\"dnsAddress\" : \"10.32.0.10\"")
                .doesNotContain("--gateway-api");
    }

    @Test
    void noProcessOfAGuestIsTakenToTheAdministratorsKubeconfig() throws IOException {
        var administrator = Files.createFile(folder.resolve("their.kubeconfig"));
        var guest =
                new Standing.Guest(
                        administrator,
                        "10.32.0.10",
                        Optional.empty(),
                        Optional.empty(),
                        Standing.Role.CONTROLLER_AND_AGENT);

        assertThat(supervisor(guest))
                .contains(
                        "kubeconfig/joined-agent.kubeconfig",
                        "kubeconfig/joined-controller.kubeconfig",
                        "\"guest\" : true")
                .doesNotContain("their.kubeconfig");
        assertThat(guest.kubeconfig(layout())).isEqualTo(administrator);
        Files.delete(administrator);
        assertThat(guest.kubeconfig(layout()))
                .isEqualTo(folder.resolve("kubeconfig/joined-agent.kubeconfig"));
    }

    @Test
    void answersToolsOfAwsOnAClusterOfItsOwnOnly() {
        assertThat(supervisor(new Standing.First("198.51.100.1")))
                .contains("\"--eks-bind\", \"127.0.0.1:9444\"", "https://198.51.100.1:6443")
                .contains("\"tokenWebhook\" : \"https://127.0.0.1:9443/authenticate\"");
        assertThat(
                        supervisor(
                                new Standing.Guest(
                                        Path.of("/etc/k"),
                                        "10.32.0.10",
                                        Optional.empty(),
                                        Optional.empty(),
                                        Standing.Role.CONTROLLER_AND_AGENT)))
                .contains("\"tokenWebhook\" : \"\"")
                .doesNotContain("--eks-bind");
    }

    @Test
    void passesOnTheQuotaOfProfilesAndWhetherTheyNeedRoles() {
        var config =
                new SupervisorConfig(
                        installation(new Standing.Alone()),
                        layout(),
                        Programs.of(layout()),
                        Map.of(
                                "MONOPOD_PROFILE_QUOTA", "25",
                                "MONOPOD_EXECUTION_ROLES", "required"));

        assertThat(config.text())
                .contains("\"--profile-quota\", \"25\"")
                .contains("\"--execution-roles\", \"required\"");
        assertThat(supervisor(new Standing.Alone()))
                .doesNotContain("--profile-quota")
                .doesNotContain("--execution-roles");
    }

    /// Only a controller of Monopod's own cluster makes sessions for them.
    @ParameterizedTest
    @MethodSource("standings")
    void answersPodsThatAskForCredentialsOnEveryHostOfItsOwnCluster(Standing standing) {
        assertThat(supervisor(standing).contains("--pod-identity"))
                .isEqualTo(!(standing instanceof Standing.Guest));
    }

    @Test
    void passesOnWhatTestsSetInTheEnvironment() {
        var config =
                new SupervisorConfig(
                        installation(new Standing.Alone()),
                        layout(),
                        Programs.of(layout()),
                        Map.of("MONOPOD_HOST_LOST_SECONDS", "20", "MONOPOD_UNSAFE_NO_FSYNC", "1"));

        assertThat(config.text())
                .contains("\"--host-lost-seconds\", \"20\"", "\"unsafeNoFsync\" : true");
        assertThat(supervisor(new Standing.Alone()))
                .contains("\"unsafeNoFsync\" : false")
                .doesNotContain("--host-lost-seconds");
    }

    @Test
    void onlyAHostOfAnotherClusterIsGivenAnAddress() {
        var member = new Standing.Member("d", "u", "10.42.0.5");

        assertThat(installation(member).at("10.42.0.9").hostAddress()).isEqualTo("10.42.0.9");
        assertThatThrownBy(() -> installation(new Standing.Alone()).at("10.42.0.9"))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void speaksToItsOwnClusterAsAdministrator() {
        assertThat(new Standing.Alone().kubeconfig(layout()))
                .isEqualTo(folder.resolve("kubeconfig/admin.kubeconfig"));
        assertThat(new Standing.Member("d", "u", "a").kubeconfig(layout()))
                .isEqualTo(folder.resolve("kubeconfig/joined.kubeconfig"));
    }

    @Test
    void takesNoFolderThatHoldsOthersFiles() throws IOException {
        Files.createFile(folder.resolve("precious"));

        assertThatThrownBy(() -> layout().prepare())
                .isInstanceOf(CliException.class)
                .hasMessageContaining("holds files that are not Monopod's");
        assertThat(layout().ownsData()).isFalse();
    }

    @Test
    void preparesItsFoldersTwiceOver() throws IOException {
        Path data = folder.resolve("data");
        Layout layout = new Layout(folder, data, folder.resolve("run"));
        layout.prepare();
        layout.prepare();

        assertThat(layout.ownsData()).isTrue();
        assertThat(data.resolve("registries.json")).hasContent("[]");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                .isEqualTo("rwx------");
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(data.resolve("registries.json"))))
                .isEqualTo("rw-------");
    }

    @Test
    void ownsNoFolderDirectlyBelowTheRoot() {
        assertThatThrownBy(() -> new Layout(folder, Path.of("/var"), Path.of("/run/monopod")))
                .isInstanceOf(CliException.class);
    }

    private String supervisor(Standing standing) {
        return new SupervisorConfig(
                        installation(standing), layout(), Programs.of(layout()), Map.of())
                .text();
    }

    private static Installation installation(Standing standing) {
        return new Installation(
                "host",
                new Addressing(
                        "default",
                        Cidr.parse("10.42.0.0/16"),
                        Cidr.parse("10.100.0.0/16"),
                        "us-west-2"),
                new Overcommit(10, 3),
                standing);
    }

    private void write(String rest) throws IOException {
        Files.writeString(
                folder.resolve("up.json"),
                """
                {"vpc": "default", "vpcCidr": "10.42.0.0/16", "serviceCidr": "10.100.0.0/16",
                 "region": "us-west-2", "hostName": "host", %s}
                """
                        .formatted(rest));
    }

    private Layout layout() {
        return new Layout(folder.resolve("dist"), folder, folder.resolve("run"));
    }
}
