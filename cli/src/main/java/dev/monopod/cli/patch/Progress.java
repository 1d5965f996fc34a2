package dev.monopod.cli.patch;

import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Waiting;
import dev.monopod.kube.api.PatchRun;
import dev.monopod.kube.api.PatchRunSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.PrintStream;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/// Shows how far a round is, a line for each change, until it is done.
final class Progress {
    private final KubernetesClient client;
    private final PrintStream out;
    private String said = "";

    Progress(KubernetesClient client, PrintStream out) {
        this.client = client;
        this.out = out;
    }

    /// Returns when it is done. Whoever ends it before that ends no round.
    ///
    /// @throws CliException if somebody has deleted the round
    void follow(PatchRun begun) {
        // A pod's last try may be due after the longest deadline, and then others take their turn.
        var limit = PatchRunSpec.LONGEST_DEADLINE.multipliedBy(2);
        Waiting.until(
                limit,
                () -> {
                    @Nullable PatchRun run = client.resource(begun).get();
                    if (run == null) {
                        throw new CliException(
                                "round %s was deleted: pods that were not evicted yet stay"
                                        .formatted(begun.getMetadata().getName()));
                    }
                    say(text(run));
                    return run.done();
                });
    }

    private void say(String line) {
        if (!line.equals(said)) {
            out.println(line);
            said = line;
        }
    }

    /// One line.
    static String text(PatchRun run) {
        var status = run.getStatus();
        if (status == null || status.phase() == null) {
            return "waits for the controller";
        }
        var text = new StringBuilder();
        text.append(
                "%d of %d pods patched"
                        .formatted(status.pods() - status.remaining(), status.pods()));
        if (run.done()) {
            return text.append(
                            ", %d evicted, %d deleted at their deadline"
                                    .formatted(status.evicted(), status.deleted()))
                    .toString();
        }
        if (status.zone() != null) {
            text.append("; zone ").append(status.zone());
        }
        if (status.message() != null) {
            text.append("; ").append(status.message());
        }
        status.refusals().stream()
                .min(Comparator.comparing(each -> each.scheduledTerminationTime()))
                .ifPresent(first ->
                        text.append(
                                "; %d refused (%s/%s: %s), the first to be deleted at %s"
                                        .formatted(
                                                status.refusals().size(),
                                                first.namespace(),
                                                first.name(),
                                                first.evictErrorMessage(),
                                                first.scheduledTerminationTime())));
        return text.toString();
    }
}
