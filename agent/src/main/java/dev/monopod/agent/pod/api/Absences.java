package dev.monopod.agent.pod.api;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Decides when a Machine that the API server does not have is gone for good, so that its pod may
/// be ended here. An API server that came back empty, or from a snapshot, has none of them, and
/// says so in good faith; who believes it at once destroys every pod of the host.
///
/// | what speaks for it | gone |
/// | --- | --- |
/// | a watch told of its deletion, in the cluster that this host belongs to | at once |
/// | the controller has given this host up since the pod came here | at once |
/// | nothing, but other Machines of this host are there | when asked again after 20 s |
/// | nothing, and others are missing too, or all, or the cluster is another | when asked again after 10 minutes |
///
/// Each question is one read of that very Machine. Pure but for what it remembers; thread-safe.
final class Absences {
    /// Long enough for an administrator to see it and to bring the right API server back.
    static final Duration QUARANTINE = Duration.ofMinutes(10);

    /// Between the two answers about a Machine that is missing alone.
    static final Duration ASKED_TWICE = Duration.ofSeconds(20);

    private final Map<String, Instant> missing = new TreeMap<>();
    private final Set<String> told = new HashSet<>();

    /// What is known beside the answer that a Machine is not there.
    ///
    /// @param sameCluster as when the pods came here
    /// @param othersThere the API server has another Machine of this host
    /// @param givenUp the controller removed this host's Machines after the pod came here
    record Evidence(boolean sameCluster, boolean othersThere, boolean givenUp) {}

    sealed interface Verdict {
        record Gone() implements Verdict {}

        /// Not to be believed before then.
        record Doubtful(Instant until) implements Verdict {}
    }

    /// A watch told that the Machine was deleted; one that only finds it missing after a gap does
    /// not count.
    synchronized void deleted(String machine) {
        told.add(machine);
    }

    /// The API server has the Machine.
    synchronized void there(String machine) {
        missing.remove(machine);
        told.remove(machine);
    }

    /// The API server does not have the Machine.
    synchronized Verdict missing(String machine, Evidence evidence, Instant now) {
        var since = missing.computeIfAbsent(machine, _ -> now);
        if (evidence.sameCluster() && (told.contains(machine) || evidence.givenUp())) {
            missing.remove(machine);
            return new Verdict.Gone();
        }
        var alone = evidence.sameCluster() && evidence.othersThere() && missing.size() == 1;
        var until = since.plus(alone ? ASKED_TWICE : QUARANTINE);
        return now.isBefore(until) ? new Verdict.Doubtful(until) : new Verdict.Gone();
    }

    /// Forgets all Machines that nothing is left of here. Until then one counts among those that
    /// are missing, since others may have gone with it.
    synchronized void retainOnly(Set<String> here) {
        missing.keySet().retainAll(here);
        told.retainAll(here);
    }

    /// Machines that are not at the API server, and not ended here.
    synchronized Set<String> machines() {
        return Set.copyOf(missing.keySet());
    }
}
