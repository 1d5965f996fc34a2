package dev.monopod.model.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.profile.Profile.UnsupportedPods;
import dev.monopod.model.profile.SubnetFacts.Place;
import dev.monopod.model.profile.SubnetFacts.Reach;
import dev.monopod.model.profile.VpcFacts.Dns;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Contract, "Profiles", rows F14, F16, F21 and F22.
final class ProfileRulesTest {
    private static final Selector SELECTOR = new Selector("shop", Map.of());
    private static final VpcFacts VPC =
            new VpcFacts("default", "us-west-2", Set.of(Dns.RESOLUTION, Dns.HOSTNAMES));

    @ParameterizedTest
    @ValueSource(strings = {"a", "0A", "shop_front-2"})
    void acceptsNamesThatEksAccepts(String name) {
        assertThat(ProfileRules.check(profile(name, List.of(SELECTOR)))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-a", "a.b", "a b"})
    void refusesOtherNames(String name) {
        assertThat(ProfileRules.check(profile(name, List.of(SELECTOR))))
                .extracting(Violation::fieldPath)
                .containsExactly("metadata.name");
    }

    @Test
    void refusesTheReservedPrefixInEksWords() {
        assertThat(ProfileRules.check(profile("eks-a", List.of(SELECTOR))))
                .containsExactly(
                        new Violation(
                                "metadata.name",
                                "The fargate profile name starts with the reserved prefix: 'eks-'."));
    }

    @Test
    void refusesASecondProfileOfTheSameNameInEksWords() {
        assertThat(ProfileRules.checkName("a", List.of("b"))).isEmpty();
        assertThat(ProfileRules.checkName("a", List.of("b", "a")))
                .containsExactly(
                        new Violation(
                                "metadata.name",
                                "A Fargate Profile already exists with this name in this cluster."));
    }

    @Test
    void refusesAnEleventhProfileAndSaysTheLimit() {
        assertThat(ProfileRules.checkCount(9, ProfileQuota.OF_EKS)).isEmpty();
        assertThat(ProfileRules.checkCount(10, new ProfileQuota(11))).isEmpty();
        assertThat(ProfileRules.checkCount(10, ProfileQuota.OF_EKS))
                .containsExactly(
                        new Violation(
                                "metadata",
                                "A cluster has at most 10 Fargate profiles, this one has 10 already;"
                                        + " delete one of them first, or raise the quota"
                                        + " (MONOPOD_PROFILE_QUOTA, the controller's"
                                        + " --profile-quota)"));
    }

    @Test
    void limitsSelectorsAndLabels() {
        Map<String, String> six =
                IntStream.range(0, 6)
                        .boxed()
                        .collect(Collectors.toMap(number -> "k" + number, number -> "v"));

        assertThat(ProfileRules.check(profile("a", List.of()))).hasSize(1);
        assertThat(ProfileRules.check(profile("a", Collections.nCopies(6, SELECTOR)))).hasSize(1);
        assertThat(ProfileRules.check(profile("a", List.of(new Selector("n", six)))))
                .extracting(Violation::fieldPath)
                .containsExactly("spec.selectors[0].labels");
    }

    @Test
    void refusesPublicSubnetsInEksWords() {
        assertThat(network(new SubnetFacts("s", "default", Place.AVAILABILITY_ZONE, Reach.PUBLIC)))
                .containsExactly(
                        new Violation(
                                "spec.subnets[0]",
                                "Subnet s provided in Fargate Profile is not a private subnet"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"LOCAL_ZONE", "WAVELENGTH_ZONE", "OUTPOST"})
    void refusesSubnetsOutsideAvailabilityZones(String place) {
        assertThat(network(new SubnetFacts("s", "default", Place.valueOf(place), Reach.PRIVATE)))
                .hasSize(1);
    }

    @Test
    void refusesVpcsWithoutDnsAndNamesTheSetting() {
        VpcFacts vpc = new VpcFacts("default", "us-west-2", Set.of(Dns.RESOLUTION));

        assertThat(network(privateSubnet(), vpc))
                .extracting(Violation::message)
                .containsExactly(
                        "Fargate needs enableDnsHostnames of VPC default to be true, it is false");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1"})
    void refusesRegionsWithoutFargate(String region) {
        assertThat(network(privateSubnet(), new VpcFacts("default", region, VPC.enabled())))
                .extracting(Violation::message)
                .containsExactly("Fargate profiles are not supported in region " + region);
    }

    @Test
    void refusesSubnetsThatDoNotExist() {
        assertThat(ProfileRules.checkNetwork(profile("a", List.of(SELECTOR)), Map.of(), Map.of()))
                .extracting(Violation::message)
                .containsExactly("The subnet ID 's' does not exist");
    }

    private static SubnetFacts privateSubnet() {
        return new SubnetFacts("s", "default", Place.AVAILABILITY_ZONE, Reach.PRIVATE);
    }

    private static List<Violation> network(SubnetFacts subnet) {
        return network(subnet, VPC);
    }

    private static List<Violation> network(SubnetFacts subnet, VpcFacts vpc) {
        return ProfileRules.checkNetwork(
                profile("a", List.of(SELECTOR)), Map.of("s", subnet), Map.of("default", vpc));
    }

    private static Profile profile(String name, List<Selector> selectors) {
        return new Profile(name, selectors, List.of("s"), UnsupportedPods.REJECT);
    }
}
