package dev.monopod.model.size;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.size.ContainerRequests.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Contract, "Size".
final class SizingTest {
    @ParameterizedTest
    @CsvSource({
        "0,     0,      0.25vCPU 0.5GB",
        "100,   256,    0.25vCPU 0.5GB",
        "100,   257,    0.25vCPU 1GB",
        "250,   1792,   0.25vCPU 2GB",
        "250,   1793,   0.5vCPU 3GB",
        "251,   0,      0.5vCPU 1GB",
        "500,   3840,   0.5vCPU 4GB",
        "500,   3841,   1vCPU 5GB",
        "1000,  0,      1vCPU 2GB",
        "1000,  7936,   1vCPU 8GB",
        "1000,  8192,   2vCPU 9GB",
        "2000,  3840,   2vCPU 4GB",
        "2000,  16128,  2vCPU 16GB",
        "100,   16384,  4vCPU 17GB",
        "4000,  30464,  4vCPU 30GB",
        "4000,  30465,  8vCPU 32GB",
        "4001,  0,      8vCPU 16GB",
        "8000,  16384,  8vCPU 20GB",
        "8000,  61184,  8vCPU 60GB",
        "8000,  61185,  16vCPU 64GB",
        "16000, 0,      16vCPU 32GB",
        "16000, 122624, 16vCPU 120GB"
    })
    void choosesTheRowThatEksChooses(long milliCpu, long mebiBytes, String annotation) {
        assertThat(provision(milliCpu, mebiBytes, 0).annotation()).isEqualTo(annotation);
    }

    @Test
    void dropsTheReserveWhenTheClusterSaysSo() {
        Provisioned provisioned =
                Sizing.provision(
                        List.of(container(Kind.CONTAINER, 1000, 8192, 0)), MemoryOverhead.NONE);

        assertThat(provisioned)
                .isInstanceOfSatisfying(
                        Provisioned.Fits.class,
                        fits -> assertThat(fits.size().annotation()).isEqualTo("1vCPU 8GB"));
    }

    @Test
    void namesTheLimitWhenNothingFits() {
        assertThat(tooLarge(16001, 1024, 0))
                .isEqualTo(
                        "Your pod's cpu/memory requirements exceed the max Fargate configuration: the"
                                + " pod needs 16.001vCPU and 1.25GB of memory (256 MiB of it are EKS'"
                                + " own); the largest size is 16vCPU 120GB");
        assertThat(tooLarge(100, 122625, 0)).contains("the largest size is 16vCPU 120GB");
    }

    @Test
    void saysNothingOfWhatAPodDoesNotRequestAndCountsNothingAbsurd() {
        assertThat(tooLarge(0, 122625, 0))
                .contains("needs 120.001GB of memory")
                .doesNotContain(" 0vCPU");
        assertThat(tooLarge(17000, 0, 0)).contains("the pod needs 17vCPU; the largest size");
        assertThat(tooLarge(Long.MAX_VALUE, Long.MAX_VALUE, 0))
                .contains("needs more than 1000000vCPU and more than 1000000GB of memory");
        assertThat(tooLarge(0, 0, Long.MAX_VALUE))
                .startsWith("Pod requests more than 1000000GB of ephemeral storage");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 20480",
        "1024, 20480",
        "13963, 20480",
        "20480, 27648",
        "102400, 117760",
        "179200, 202240"
    })
    void addsTenPercentAndFiveGibibytesOfStorage(long requested, long provisioned) {
        assertThat(provision(0, 0, requested).storage()).isEqualTo(new MebiBytes(provisioned));
    }

    @Test
    void refusesMoreStorageThanTheLimit() {
        assertThat(tooLarge(0, 0, 179201))
                .isEqualTo("Pod requests 175.001GB of ephemeral storage; the limit is 175GB");
    }

    @Test
    void takesTheGreaterOfInitAndRunningContainersForEachResource() {
        Resources requests =
                Sizing.requests(
                        List.of(
                                container(Kind.INIT, 2000, 100, 0),
                                container(Kind.INIT, 100, 3000, 0),
                                container(Kind.CONTAINER, 500, 1000, 10),
                                container(Kind.CONTAINER, 500, 1000, 20)));

        assertThat(requests).isEqualTo(resources(2000, 3000, 30));
    }

    @Test
    void countsASidecarWithTheInitContainersAfterItOnly() {
        Resources requests =
                Sizing.requests(
                        List.of(
                                container(Kind.INIT, 1000, 0, 0),
                                container(Kind.SIDECAR, 300, 200, 0),
                                container(Kind.INIT, 900, 0, 0),
                                container(Kind.CONTAINER, 100, 50, 0)));

        assertThat(requests).isEqualTo(resources(1200, 250, 0));
    }

    private static Size provision(long milliCpu, long mebiBytes, long storage) {
        return switch (outcome(milliCpu, mebiBytes, storage)) {
            case Provisioned.Fits(Size size) -> size;
            case Provisioned.TooLarge(String message) -> throw new AssertionError(message);
            case Provisioned.TooMuchStorage(String message) -> throw new AssertionError(message);
        };
    }

    private static String tooLarge(long milliCpu, long mebiBytes, long storage) {
        return switch (outcome(milliCpu, mebiBytes, storage)) {
            case Provisioned.Fits(Size size) -> throw new AssertionError(size);
            case Provisioned.TooLarge(String message) -> message;
            case Provisioned.TooMuchStorage(String message) -> message;
        };
    }

    private static Provisioned outcome(long milliCpu, long mebiBytes, long storage) {
        return Sizing.provision(
                List.of(container(Kind.CONTAINER, milliCpu, mebiBytes, storage)),
                MemoryOverhead.EKS_256_MIB);
    }

    private static ContainerRequests container(
            Kind kind, long milliCpu, long mebiBytes, long storage) {
        return new ContainerRequests(kind, "c", resources(milliCpu, mebiBytes, storage));
    }

    private static Resources resources(long milliCpu, long mebiBytes, long storage) {
        return new Resources(
                new MilliCpu(milliCpu), new MebiBytes(mebiBytes), new MebiBytes(storage));
    }
}
