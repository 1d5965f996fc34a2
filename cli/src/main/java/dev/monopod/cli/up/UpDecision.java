package dev.monopod.cli.up;

import dev.monopod.cli.installation.Standing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Which steps bring the processes of this host to what they should be. Pure.
enum UpDecision {
    STOP_OLD_CONFIGURATION,
    STOP_OLD_BUILD,
    STOP_OLD_CREDENTIALS,

    /// Makes or renews what a host of somebody else's cluster needs: its own kubelets' authority.
    ISSUE_CERTIFICATES,

    /// Puts roles, and who agent and controller are, into that cluster, and makes their
    /// credentials.
    GRANT_RIGHTS,

    /// Asks that cluster who signs its API server's client certificate.
    LEARN_CLIENT_AUTHORITY,

    /// Writes down what the processes are to be, before they are that.
    RECORD,
    START_SUPERVISOR,
    AWAIT_PROCESSES;

    /// What processes run from.
    ///
    /// @param configuration the text of `supervisor.json`
    record Inputs(String configuration, Build build) {
        /// @param programs name of the copy that the processes run from, which tells one build from
        ///   another
        /// @param credentials hash of those that the host was given; empty if it makes its own
        record Build(String programs, Optional<String> credentials) {
            /// Reads what [#text] wrote; an empty text stands for a build that nobody knows of.
            static Build parse(String text) {
                var lines = text.lines().toList();
                return new Build(
                        lines.isEmpty() ? "" : lines.getFirst(),
                        lines.stream().skip(1).findFirst());
            }

            String text() {
                return programs + "\n" + credentials.map(hash -> hash + "\n").orElse("");
            }
        }
    }

    /// Whether the file of an administrator of somebody else's cluster is there. Once the host has
    /// credentials of its own it may be gone.
    enum Administrator {
        THERE,
        GONE
    }

    /// @param running what the running supervisor was started with; empty if none runs
    static List<UpDecision> of(
            Optional<Inputs> running,
            Inputs wanted,
            Standing standing,
            Administrator administrator) {
        List<UpDecision> steps = new ArrayList<>();
        if (standing instanceof Standing.Guest && administrator == Administrator.THERE) {
            // First: if the cluster refuses, what runs runs on.
            steps.add(GRANT_RIGHTS);
        }
        var stop = running.flatMap(it -> stop(it, wanted));
        stop.ifPresent(steps::add);
        switch (standing) {
            case Standing.Alone _, Standing.First _ -> {
                // The supervisor itself sees to the certificates.
            }
            case Standing.Member _ -> steps.add(LEARN_CLIENT_AUTHORITY);
            case Standing.Guest _ -> {
                steps.add(ISSUE_CERTIFICATES);
                steps.add(LEARN_CLIENT_AUTHORITY);
            }
        }
        steps.add(RECORD);
        if (running.isEmpty() || stop.isPresent()) {
            steps.add(START_SUPERVISOR);
        }
        steps.add(AWAIT_PROCESSES);
        return List.copyOf(steps);
    }

    private static Optional<UpDecision> stop(Inputs running, Inputs wanted) {
        // The configuration of another build names other files, too.
        if (!running.build().programs().equals(wanted.build().programs())) {
            return Optional.of(STOP_OLD_BUILD);
        }
        if (!running.configuration().equals(wanted.configuration())) {
            return Optional.of(STOP_OLD_CONFIGURATION);
        }
        return running.build().credentials().equals(wanted.build().credentials())
                ? Optional.empty()
                : Optional.of(STOP_OLD_CREDENTIALS);
    }
}
