package dev.monopod.cli.up;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.cli.cluster.JoinedCluster;
import dev.monopod.cli.installation.Addressing;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Overcommit;
import dev.monopod.cli.installation.Standing;
import dev.monopod.cli.up.UpDecision.Administrator;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.api.VpcSpec;
import dev.monopod.model.network.Cidr;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class UpPlanTest {
    private static final Path THEIRS = Path.of("/etc/theirs.kubeconfig");
    private static final UpPlan.Asked NOTHING =
            new UpPlan.Asked(
                    "default",
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());

    @Test
    void takesTheDefaultsOnAFreshHost() {
        Installation made = go(UpPlan.of(NOTHING, fresh()));

        assertThat(made)
                .isEqualTo(
                        new Installation(
                                "one",
                                network("192.168.0.0/16", "10.100.0.0/16", "us-west-2"),
                                new Overcommit(10, 10),
                                new Standing.First("198.51.100.1")));
        assertThat(made.hostAddress()).isEqualTo("192.168.0.4");
    }

    @Test
    void standsAloneWithoutAnAddressThatOthersReach() {
        var found =
                new UpPlan.Found(
                        Optional.empty(),
                        Optional.empty(),
                        List.of(),
                        "one",
                        Optional.empty(),
                        Administrator.THERE);

        assertThat(go(UpPlan.of(NOTHING, found)).standing()).isEqualTo(new Standing.Alone());
    }

    @ParameterizedTest
    @CsvSource({
        "192.168.1.0/24, 10.42.0.0/16",
        "192.0.0.0/8, 10.42.0.0/16",
        "10.42.0.0/16, 192.168.0.0/16",
        "172.17.0.0/16, 192.168.0.0/16"
    })
    void takesTheFirstRangeThatTheHostDoesNotRoute(String routed, String chosen) {
        var found = fresh(Cidr.parse(routed));

        assertThat(go(UpPlan.of(NOTHING, found)).network().range()).hasToString(chosen);
    }

    @Test
    void skipsEveryRangeThatIsRouted() {
        var found = fresh(Cidr.parse("192.168.0.0/24"), Cidr.parse("10.42.7.0/24"));

        assertThat(go(UpPlan.of(NOTHING, found)).network().range()).hasToString("10.43.0.0/16");
    }

    @Test
    void asksForARangeWhenAllAreRouted() {
        var found = fresh(Cidr.parse("192.168.0.0/16"), Cidr.parse("10.0.0.0/8"));

        assertThat(UpPlan.of(NOTHING, found))
                .isEqualTo(
                        new UpPlan.WrongUsage(
                                "every range is routed already; name one by --vpc-cidr"));
    }

    @Test
    void takesARangeThatIsAskedForThoughItIsRouted() {
        var found = fresh(Cidr.parse("10.9.0.0/16"));

        assertThat(go(UpPlan.of(range("10.9.8.7/16"), found)).network().range())
                .hasToString("10.9.0.0/16");
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, --vpc-cidr 10.0.0.0/8: /16 to /24",
        "10.0.0.0/25, --vpc-cidr 10.0.0.0/25: /16 to /24",
        "nonsense, --vpc-cidr: 'nonsense' is not an IPv4 address",
        "fe80::/64, --vpc-cidr: '64' is not a number from 0 to 32",
        "10.0.0.0/16/8, --vpc-cidr: '16/8' is not a number from 0 to 32"
    })
    void refusesARangeThatNoVpcCanHave(String text, String message) {
        assertThat(UpPlan.of(range(text), fresh()))
                .isEqualTo(new UpPlan.WrongUsage(message.replace('"', '\'')));
    }

    @Test
    void refusesServicesInsideTheVpc() {
        var asked = asked("10.0.0.0/16", "10.0.4.0/22", null);

        assertThat(UpPlan.of(asked, fresh()))
                .isEqualTo(
                        new UpPlan.WrongUsage(
                                "the VPC 10.0.0.0/16 and the Services 10.0.4.0/22 overlap"));
    }

    @Test
    void decidesTheSameAgainWhateverIsRoutedNow() {
        Installation before = go(UpPlan.of(range("10.9.0.0/16"), fresh()));
        var found = again(before, Cidr.parse("10.9.0.0/16"));

        assertThat(go(UpPlan.of(NOTHING, found))).isEqualTo(before);
    }

    @Test
    void acceptsTheSameOptionsAgain() {
        var asked = asked("10.9.0.0/16", "10.200.0.0/16", "eu-west-1");
        Installation before = go(UpPlan.of(asked, fresh()));

        assertThat(go(UpPlan.of(asked, again(before)))).isEqualTo(before);
    }

    @Test
    void changesNoRangeAndNoRegionWhileObjectsExist() {
        Installation before = go(UpPlan.of(NOTHING, fresh()));
        String refusal =
                "this machine is up with VPC 192.168.0.0/16, Services 10.100.0.0/16, region us-west-2; they cannot change while objects exist";

        for (var asked :
                List.of(
                        asked("10.9.0.0/16", null, null),
                        asked(null, "10.200.0.0/16", null),
                        asked(null, null, "eu-west-1"))) {
            assertThat(UpPlan.of(asked, again(before)))
                    .isEqualTo(
                            new UpPlan.Refused(
                                    refusal, "monopod down, then up with the new values"));
        }
    }

    @Test
    void changesOvercommitAtAnyTime() {
        Installation before = go(UpPlan.of(overcommit(3, null), fresh()));
        assertThat(before.overcommit()).isEqualTo(new Overcommit(3, 10));

        assertThat(go(UpPlan.of(overcommit(null, 5), again(before))).overcommit())
                .isEqualTo(new Overcommit(3, 5));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 101})
    void refusesAnOvercommitThatIsNone(int factor) {
        assertThat(UpPlan.of(overcommit(factor, null), fresh()))
                .isEqualTo(new UpPlan.WrongUsage("--cpu-overcommit " + factor + ": 1 to 100"));
    }

    @Test
    void movesToAnotherUnderlayAddressOnlyWhenAsked() {
        Installation before = go(UpPlan.of(NOTHING, fresh()));
        var moved =
                new UpPlan.Found(
                        Optional.of(before),
                        Optional.empty(),
                        List.of(),
                        "one",
                        Optional.of("198.51.100.99"),
                        Administrator.THERE);

        assertThat(go(UpPlan.of(NOTHING, moved)).standing())
                .isEqualTo(new Standing.First("198.51.100.1"));
        assertThat(go(UpPlan.of(underlay("198.51.100.99"), moved)).standing())
                .isEqualTo(new Standing.First("198.51.100.99"));
    }

    @Test
    void keepsTheNameThatTheHostHadAtFirst() {
        Installation before = go(UpPlan.of(NOTHING, fresh()));
        var renamed =
                new UpPlan.Found(
                        Optional.of(before),
                        Optional.empty(),
                        List.of(),
                        "two",
                        Optional.of("198.51.100.1"),
                        Administrator.THERE);

        assertThat(go(UpPlan.of(NOTHING, renamed)).hostName()).isEqualTo("one");
    }

    @Test
    void isAGuestOfTheClusterThatItJoins() {
        var found = joining(Optional.of("10.32.0.0/16"), Optional.empty());
        var plan = (UpPlan.Go) UpPlan.of(kubeconfig(THEIRS), found);

        assertThat(plan.others()).isEmpty();
        assertThat(plan.installation().network().services()).hasToString("10.32.0.0/16");
        assertThat(plan.installation().dnsAddress()).isEqualTo("10.32.0.10");
        assertThat(plan.installation().standing())
                .isEqualTo(
                        new Standing.Guest(
                                THEIRS,
                                "10.32.0.10",
                                Optional.of("198.51.100.1"),
                                Optional.empty(),
                                Standing.Role.CONTROLLER_AND_AGENT));
    }

    @Test
    void takesTheUsualRangeOfServicesIfTheClusterDoesNotTell() {
        var found = joining(Optional.empty(), Optional.empty());

        assertThat(go(UpPlan.of(kubeconfig(THEIRS), found)).network().services())
                .hasToString("10.100.0.0/16");
    }

    @Test
    void takesTheVpcInWhichOtherHostsStandAndClaimsAnAddressThere() {
        Vpc vpc = vpc("main", "10.77.0.0/16", "eu-central-1");
        var plan =
                (UpPlan.Go)
                        UpPlan.of(
                                kubeconfig(THEIRS),
                                joining(Optional.of("10.32.0.0/16"), Optional.of(vpc)));

        assertThat(plan.others()).contains(vpc);
        assertThat(plan.installation().network())
                .isEqualTo(
                        new Addressing(
                                "main",
                                Cidr.parse("10.77.0.0/16"),
                                Cidr.parse("10.32.0.0/16"),
                                "eu-central-1"));
    }

    @Test
    void refusesAnotherRangeThanTheOtherHostsHave() {
        var asked =
                new UpPlan.Asked(
                        "default",
                        Optional.of("10.9.0.0/16"),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(THEIRS),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
        Vpc vpc = vpc("main", "10.77.0.0/16", "r");

        assertThat(UpPlan.of(asked, joining(Optional.empty(), Optional.of(vpc))))
                .isEqualTo(
                        new UpPlan.WrongUsage(
                                "--vpc-cidr 10.9.0.0/16: the VPC main of the cluster's hosts has 10.77.0.0/16"));
    }

    @Test
    void theFirstHostRunsNoControllerWhereTheClusterItselfDoes() {
        var found =
                new UpPlan.Found(
                        Optional.empty(),
                        Optional.of(
                                new JoinedCluster.Facts(
                                        Optional.empty(), "10.32.0.10", Optional.empty(), true)),
                        List.of(),
                        "one",
                        Optional.of("198.51.100.1"),
                        Administrator.THERE);

        for (var asked :
                Map.of(
                                Optional.<Standing.Role>empty(),
                                Standing.Role.AGENT_ONLY,
                                Optional.of(Standing.Role.CONTROLLER_AND_AGENT),
                                Standing.Role.CONTROLLER_AND_AGENT)
                        .entrySet()) {
            var standing = go(UpPlan.of(role(asked.getKey(), THEIRS), found)).standing();
            assertThat(((Standing.Guest) standing).role()).isEqualTo(asked.getValue());
        }
    }

    @Test
    void aGuestKeepsTheAddressThatItHasClaimed() {
        var standing =
                new Standing.Guest(
                        THEIRS,
                        "10.32.0.10",
                        Optional.of("198.51.100.1"),
                        Optional.of("10.77.0.9"),
                        Standing.Role.CONTROLLER_AND_AGENT);
        var before = last(standing);
        var found =
                new UpPlan.Found(
                        Optional.of(before),
                        Optional.of(
                                new JoinedCluster.Facts(
                                        Optional.empty(),
                                        "10.32.0.10",
                                        Optional.of(vpc("main", "10.77.0.0/16", "r")),
                                        false)),
                        List.of(),
                        "one",
                        Optional.empty(),
                        Administrator.THERE);

        var plan = (UpPlan.Go) UpPlan.of(NOTHING, found);
        assertThat(plan.others()).isEmpty();
        assertThat(plan.installation()).isEqualTo(before);
    }

    @Test
    void aMemberStaysOne() {
        var before = last(new Standing.Member("10.100.0.10", "198.51.100.2", "10.77.0.9"));

        assertThat(go(UpPlan.of(NOTHING, again(before)))).isEqualTo(before);
    }

    @Test
    void movesToNoOtherCluster() {
        var other = Path.of("/etc/other.kubeconfig");
        assertThat(refusal(new Standing.First("198.51.100.1"), other))
                .isEqualTo("this machine is up with a control plane of its own");
        assertThat(refusal(new Standing.Alone(), other))
                .isEqualTo("this machine is up with a control plane of its own");
        assertThat(refusal(new Standing.Member("d", "u", "10.77.0.9"), other))
                .isEqualTo("this machine is a host of another machine's cluster");
    }

    @Test
    void anAdministratorsFileMayLieElsewhereTheNextTime() {
        var other = Path.of("/etc/other.kubeconfig");
        var guest =
                new Standing.Guest(
                        THEIRS,
                        "d",
                        Optional.empty(),
                        Optional.empty(),
                        Standing.Role.CONTROLLER_AND_AGENT);
        var asked =
                new UpPlan.Asked(
                        "default",
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(other),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());

        assertThat(UpPlan.cluster(asked, Optional.of(guest))).contains(other);
        assertThat(UpPlan.cluster(NOTHING, Optional.of(guest))).contains(THEIRS);
    }

    @Test
    void asksTheClusterThatTheLastUpJoinedWithoutBeingTold() {
        var guest =
                new Standing.Guest(
                        THEIRS,
                        "d",
                        Optional.empty(),
                        Optional.empty(),
                        Standing.Role.CONTROLLER_AND_AGENT);

        assertThat(UpPlan.cluster(NOTHING, Optional.of(guest))).contains(THEIRS);
        assertThat(UpPlan.cluster(NOTHING, Optional.of(new Standing.Alone()))).isEmpty();
        assertThat(UpPlan.cluster(kubeconfig(THEIRS), Optional.empty())).contains(THEIRS);
        assertThat(UpPlan.cluster(NOTHING, Optional.empty())).isEmpty();
    }

    /// What is asked, what the host was, whether others are there, and what it becomes.
    static Stream<Arguments> roles() {
        var nothing = Optional.<Standing.Role>empty();
        var both = Optional.of(Standing.Role.CONTROLLER_AND_AGENT);
        var agent = Optional.of(Standing.Role.AGENT_ONLY);
        return Stream.of(
                Arguments.of(nothing, nothing, Others.NONE, both),
                Arguments.of(nothing, nothing, Others.THERE, agent),
                Arguments.of(nothing, both, Others.NONE, both),
                Arguments.of(nothing, both, Others.THERE, both),
                Arguments.of(nothing, agent, Others.NONE, agent),
                Arguments.of(nothing, agent, Others.THERE, agent),
                Arguments.of(both, nothing, Others.NONE, both),
                Arguments.of(both, nothing, Others.THERE, both),
                Arguments.of(both, both, Others.THERE, both),
                Arguments.of(both, agent, Others.NONE, both),
                Arguments.of(both, agent, Others.THERE, both),
                Arguments.of(agent, nothing, Others.NONE, agent),
                Arguments.of(agent, nothing, Others.THERE, agent),
                Arguments.of(agent, both, Others.NONE, agent),
                Arguments.of(agent, both, Others.THERE, agent),
                Arguments.of(agent, agent, Others.THERE, agent));
    }

    private enum Others {
        NONE,
        THERE
    }

    @ParameterizedTest
    @MethodSource("roles")
    void theFirstHostRunsTheControllerUnlessTheOperatorSaysOtherwise(
            Optional<Standing.Role> asked,
            Optional<Standing.Role> before,
            Others others,
            Optional<Standing.Role> becomes) {
        Optional<Vpc> vpc =
                others == Others.THERE
                        ? Optional.of(vpc("default", "10.77.0.0/16", "r"))
                        : Optional.empty();

        var made = go(UpPlan.of(role(asked, THEIRS), guest(before, vpc, Administrator.THERE)));

        assertThat(((Standing.Guest) made.standing()).role()).isEqualTo(becomes.orElseThrow());
    }

    @Test
    void noRoleChangesBehindTheBackOfTheClustersAdministrator() {
        for (var wanted : Standing.Role.values()) {
            var other =
                    wanted == Standing.Role.AGENT_ONLY
                            ? Standing.Role.CONTROLLER_AND_AGENT
                            : Standing.Role.AGENT_ONLY;
            var found = guest(Optional.of(other), Optional.empty(), Administrator.GONE);

            var refused = (UpPlan.Refused) UpPlan.of(role(Optional.of(wanted), null), found);

            assertThat(refused.fix())
                    .startsWith(
                            wanted == Standing.Role.AGENT_ONLY
                                    ? "monopod up --no-controller --kubeconfig FILE"
                                    : "monopod up --controller --kubeconfig FILE");
            assertThat(go(UpPlan.of(role(Optional.of(other), null), found)).standing())
                    .isInstanceOf(Standing.Guest.class);
        }
    }

    @Test
    void aClusterOfMonopodsOwnHasItsControllerOnTheFirstHost() {
        var member = last(new Standing.Member("d", "198.51.100.2", "10.77.0.9"));
        for (var role : Standing.Role.values()) {
            for (var found : List.of(fresh(), again(member))) {
                assertThat(UpPlan.of(role(Optional.of(role), null), found))
                        .isInstanceOfSatisfying(
                                UpPlan.WrongUsage.class,
                                wrong ->
                                        assertThat(wrong.message())
                                                .contains("--no-controller", "first host"));
            }
        }
    }

    private static UpPlan.Found guest(
            Optional<Standing.Role> before, Optional<Vpc> vpc, Administrator administrator) {
        return new UpPlan.Found(
                before.map(role ->
                        last(
                                new Standing.Guest(
                                        THEIRS,
                                        "10.32.0.10",
                                        Optional.empty(),
                                        Optional.empty(),
                                        role))),
                Optional.of(new JoinedCluster.Facts(Optional.empty(), "10.32.0.10", vpc, false)),
                List.of(),
                "one",
                Optional.empty(),
                administrator);
    }

    private static UpPlan.Asked role(Optional<Standing.Role> role, @Nullable Path kubeconfig) {
        return new UpPlan.Asked(
                "default",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.ofNullable(kubeconfig),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                role);
    }

    private static String refusal(Standing standing, Path kubeconfig) {
        return ((UpPlan.Refused) UpPlan.of(kubeconfig(kubeconfig), again(last(standing))))
                .message();
    }

    private static Installation go(UpPlan plan) {
        assertThat(plan).isInstanceOf(UpPlan.Go.class);
        return ((UpPlan.Go) plan).installation();
    }

    private static UpPlan.Found fresh(Cidr... routed) {
        return new UpPlan.Found(
                Optional.empty(),
                Optional.empty(),
                List.of(routed),
                "one",
                Optional.of("198.51.100.1"),
                Administrator.THERE);
    }

    private static UpPlan.Found again(Installation last, Cidr... routed) {
        return new UpPlan.Found(
                Optional.of(last),
                Optional.empty(),
                List.of(routed),
                "one",
                last.standing().underlayAddress(),
                Administrator.THERE);
    }

    private static UpPlan.Found joining(Optional<String> services, Optional<Vpc> vpc) {
        return new UpPlan.Found(
                Optional.empty(),
                Optional.of(new JoinedCluster.Facts(services, "10.32.0.10", vpc, false)),
                List.of(),
                "one",
                Optional.of("198.51.100.1"),
                Administrator.THERE);
    }

    private static Installation last(Standing standing) {
        return new Installation(
                "one", network("10.77.0.0/16", "10.32.0.0/16", "r"), Overcommit.USUAL, standing);
    }

    private static Addressing network(String range, String services, String region) {
        return new Addressing("default", Cidr.parse(range), Cidr.parse(services), region);
    }

    private static Vpc vpc(String name, String range, String region) {
        Vpc vpc = new Vpc();
        vpc.getMetadata().setName(name);
        vpc.setSpec(new VpcSpec(List.of(range), region, null, null));
        return vpc;
    }

    private static UpPlan.Asked range(String range) {
        return asked(range, null, null);
    }

    private static UpPlan.Asked asked(String range, String services, String region) {
        return new UpPlan.Asked(
                "default",
                Optional.ofNullable(range),
                Optional.ofNullable(services),
                Optional.ofNullable(region),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static UpPlan.Asked kubeconfig(Path file) {
        return new UpPlan.Asked(
                "default",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(file),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static UpPlan.Asked overcommit(Integer cpu, Integer storage) {
        return new UpPlan.Asked(
                "default",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.ofNullable(cpu),
                Optional.ofNullable(storage),
                Optional.empty(),
                Optional.empty());
    }

    private static UpPlan.Asked underlay(String address) {
        return new UpPlan.Asked(
                "default",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(address),
                Optional.empty());
    }
}
