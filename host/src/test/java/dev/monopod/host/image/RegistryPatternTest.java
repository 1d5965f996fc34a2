package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.image.ImageStore.RegistryCredential;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegistryPatternTest {
    private static boolean matches(String pattern, String image) {
        return RegistryPattern.parse(pattern).orElseThrow().matches(ImageReference.parse(image));
    }

    @Test
    void wildcardsStandForPartsOfTheHostsLabels() {
        assertThat(matches("*.registry.io", "eu.registry.io/team/app:1")).isTrue();
        assertThat(matches("*.*.registry.io", "a.eu.registry.io/app")).isTrue();
        assertThat(matches("prefix.*.io", "prefix.registry.io/app")).isTrue();
        assertThat(matches("reg*.io", "registry.io/app")).isTrue();
        assertThat(matches("*.io", "eu.registry.io/app")).isFalse();
        assertThat(matches("*.registry.io", "registry.io/app")).isFalse();
        assertThat(matches("{a,b}.io", "a.io/app")).isFalse();
        assertThat(
                        matches(
                                "*.dkr.ecr.*.amazonaws.com",
                                "123456789012.dkr.ecr.us-west-2.amazonaws.com/app:1"))
                .isTrue();
    }

    @Test
    void portsMustBeEqualAndPathsAPrefix() {
        assertThat(matches("registry.io:8080", "registry.io:8080/app")).isTrue();
        assertThat(matches("registry.io", "registry.io:8080/app")).isFalse();
        assertThat(matches("*.io:8080/team", "registry.io:8080/team/app")).isTrue();
        assertThat(matches("registry.io/team", "registry.io/other/app")).isFalse();
    }

    @Test
    void schemesAndVersionsOfTheDockerFileAreTakenOff() {
        assertThat(matches("https://registry.io/v2/", "registry.io/app")).isTrue();
        assertThat(matches("https://index.docker.io/v1/", "busybox")).isTrue();
        assertThat(matches("docker.io/library", "busybox")).isTrue();
        assertThat(RegistryPattern.parse("")).isEmpty();
        assertThat(RegistryPattern.parse("host:port/x")).isEmpty();
    }

    @Test
    void theMostSpecificCredentialIsTriedFirst() {
        var credentials =
                List.of(
                        new RegistryCredential("registry.io", "host", "1"),
                        new RegistryCredential("elsewhere.io", "other", "2"),
                        new RegistryCredential("registry.io/team", "team", "3"));

        assertThat(
                        RegistrySource.matching(
                                credentials, ImageReference.parse("registry.io/team/app")))
                .extracting(RegistryCredential::username)
                .containsExactly("team", "host");
    }
}
