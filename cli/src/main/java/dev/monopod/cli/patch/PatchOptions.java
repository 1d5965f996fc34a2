package dev.monopod.cli.patch;

import dev.monopod.cli.terminal.CliException;
import dev.monopod.kube.api.PatchRunSpec;
import dev.monopod.kube.api.PatchRunSpec.Pods;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What a round of patching is to do.
final class PatchOptions {
    @Option(names = "--all", description = "Also pods whose machines are up to date.")
    private boolean all;

    @Option(
            names = "--deadline",
            paramLabel = "DURATION",
            description =
                    "From a refused eviction to the pod's deletion, ISO 8601, PT1M to P30D (P3D).")
    private @Nullable Duration deadline;

    @Option(
            names = "--notify",
            paramLabel = "URL",
            description = "Post EKS' event of a refused eviction there.")
    private @Nullable URI url;

    Pods pods() {
        return all ? Pods.All : Pods.OutOfDate;
    }

    /// @throws CliException that names the option, its limit and the value
    PatchRunSpec spec() {
        return new PatchRunSpec(
                pods(),
                deadline == null ? null : seconds(deadline),
                url == null ? null : checked(url));
    }

    static long seconds(Duration deadline) {
        if (deadline.compareTo(PatchRunSpec.SHORTEST_DEADLINE) < 0
                || deadline.compareTo(PatchRunSpec.LONGEST_DEADLINE) > 0) {
            throw new CliException("--deadline: from PT1M to P30D, not %s".formatted(deadline));
        }
        return deadline.toSeconds();
    }

    static String checked(URI url) {
        var scheme = String.valueOf(url.getScheme());
        if (!(scheme.equals("http") || scheme.equals("https"))
                || url.getHost() == null
                || url.getUserInfo() != null
                || url.getFragment() != null) {
            throw new CliException(
                    "--notify: an http or https URL without user and fragment, not " + url);
        }
        if (url.toString().length() > PatchRunSpec.LONGEST_URL) {
            throw new CliException(
                    "--notify: at most %d characters, not %d"
                            .formatted(PatchRunSpec.LONGEST_URL, url.toString().length()));
        }
        return url.toString();
    }
}
