package dev.monopod.agent.pod.container;

import dev.monopod.agent.kubelet.KubeletPods;
import dev.monopod.agent.kubelet.KubeletPods.ProbeCount;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Counts the results of one pod's probes, and how long they took. Thread-safe.
public final class ProbeTally {
    private final Map<Key, Counts> counts = new TreeMap<>();

    private record Key(String container, String kind) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            var order = container.compareTo(other.container);
            return order != 0 ? order : kind.compareTo(other.kind);
        }
    }

    private static final class Counts {
        private final Map<String, Long> results = new TreeMap<>();
        private final long[] buckets = new long[KubeletPods.PROBE_SECONDS.size() + 1];
        private double seconds;
    }

    synchronized void count(String container, String kind, ProbeOutcome outcome, Duration took) {
        var of = counts.computeIfAbsent(new Key(container, kind), _ -> new Counts());
        String result =
                switch (outcome) {
                    case ProbeOutcome.Success _, ProbeOutcome.Warning _ -> "successful";
                    case ProbeOutcome.Failure _ -> "failed";
                    case ProbeOutcome.Unknown _ -> "unknown";
                };
        of.results.merge(result, 1L, Long::sum);
        if (result.equals("successful")) {
            var seconds = took.toNanos() / 1e9;
            var bucket = 0;
            while (bucket < KubeletPods.PROBE_SECONDS.size()
                    && seconds > KubeletPods.PROBE_SECONDS.get(bucket)) {
                bucket++;
            }
            of.buckets[bucket]++;
            of.seconds += seconds;
        }
    }

    public synchronized List<ProbeCount> of(Pod pod) {
        List<ProbeCount> all = new ArrayList<>();
        counts.forEach((key, of) ->
                all.add(
                        new ProbeCount(
                                pod,
                                key.container(),
                                key.kind(),
                                Map.copyOf(of.results),
                                Arrays.stream(of.buckets).boxed().toList(),
                                of.seconds)));
        return all;
    }
}
