package dev.monopod.agent.kubelet;

import dev.monopod.host.network.HostNetwork.Traffic;
import dev.monopod.protocol.guest.StatisticsResponse;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the kubelet API needs to know of the pods of this host. Implemented by the pod package;
/// calls block and may be interrupted.
public interface KubeletPods {
    /// The pod of a machine with its current status; empty once it is gone.
    Optional<Pod> pod(String machine);

    /// Writes a container's log to `sink` in the order of `options`; returns at its end, or when
    /// the container ends if following.
    ///
    /// @throws RefusedException as the other streams; [Refusal.Invalid] when there is no such log
    void logs(String machine, String container, LogOptions options, OutputStream sink)
            throws IOException;

    /// Runs a command in a container; returns its exit code when all output is written. `streams`
    /// are closed by the caller.
    int exec(String machine, String container, List<String> command, StreamSession session)
            throws IOException;

    /// Attaches to a container's process; returns its exit code.
    int attach(String machine, String container, StreamSession session) throws IOException;

    /// Joins `input`/`output` to 127.0.0.1:port in the machine; returns when both directions have
    /// ended.
    void portForward(String machine, int port, InputStream input, OutputStream output)
            throws IOException;

    /// Statistics of those of the pods that run here and answer within a few seconds.
    List<PodStatistics> statistics(List<Pod> pods, Detail detail);

    /// How many probes of the pods had which result so far.
    List<ProbeCount> probes(List<Pod> pods);

    /// Where the Node of a machine's pod has its address.
    record Place(String machine, String vpc, String address) {}

    /// How much is asked for.
    enum Detail {
        /// Counters of the kernel: cheap.
        COUNTERS,
        /// Also what the guest walks through files and processes for.
        ALL
    }

    /// @param tailLines -1: all
    /// @param limitBytes -1: none
    record LogOptions(
            boolean follow,
            boolean previous,
            boolean timestamps,
            long tailLines,
            long limitBytes,
            Optional<Instant> since,
            LogStream stream) {
        /// Both streams.
        public LogOptions(
                boolean follow,
                boolean previous,
                boolean timestamps,
                long tailLines,
                long limitBytes,
                Optional<Instant> since) {
            this(follow, previous, timestamps, tailLines, limitBytes, since, LogStream.ALL);
        }
    }

    /// Which of a container's outputs.
    enum LogStream {
        ALL,
        STDOUT,
        STDERR
    }

    /// One exec or attach. Streams that the client did not ask for are empty. `stdin` ends at
    /// half-close. Writing to `stdout`/`stderr` blocks while the client is slow. With a TTY there
    /// is no stderr.
    record StreamSession(
            boolean tty,
            Optional<InputStream> stdin,
            Optional<OutputStream> stdout,
            Optional<OutputStream> stderr,
            TerminalSizes sizes) {}

    /// Blocks for the next size of the client's terminal; empty when there will be none any more.
    @FunctionalInterface
    interface TerminalSizes {
        Optional<Size> next() throws InterruptedException;

        record Size(int columns, int rows) {}
    }

    /// What one pod's guest told, and what the host counted.
    ///
    /// @param pod with its status
    /// @param startTime of the pod
    /// @param traffic of its interface; empty if it has none
    record PodStatistics(
            Pod pod, Instant startTime, StatisticsResponse told, Optional<Traffic> traffic) {
        /// Name of a pod's only interface.
        static final String INTERFACE = "eth0";

        String namespace() {
            return pod.getMetadata().getNamespace();
        }

        String name() {
            return pod.getMetadata().getName();
        }

        String uid() {
            return pod.getMetadata().getUid();
        }

        /// When the guest told, by its clock.
        Instant time() {
            return instant(told.getUnixTimeNanos());
        }

        static Instant instant(long unixNanos) {
            return Instant.EPOCH.plusNanos(unixNanos);
        }
    }

    /// @param kind `Startup`, `Readiness` or `Liveness`
    /// @param result `successful`, `failed` or `unknown`
    /// @param buckets how many answers took at most as long as each of [#PROBE_SECONDS], and not as
    ///   the one before; then those that took longer
    /// @param seconds all of them together
    record ProbeCount(
            Pod pod,
            String container,
            String kind,
            Map<String, Long> results,
            List<Long> buckets,
            double seconds) {}

    /// The bounds by which Prometheus' libraries divide durations.
    List<Double> PROBE_SECONDS =
            List.of(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0);

    /// Why a pod does not serve. What that is in HTTP, the kubelet API knows alone.
    sealed interface Refusal extends Serializable {
        String message();

        /// There is no such pod or container, or it does not run.
        record NotFound(String message) implements Refusal {}

        /// The pod or container, as it is, has no such thing.
        record Invalid(String message) implements Refusal {}

        /// The machine or its guest failed.
        record Failed(String message) implements Refusal {}
    }

    /// Ends a stream, or what was to become one.
    final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;
        private final Refusal refusal;

        public RefusedException(Refusal refusal) {
            super(refusal.message());
            this.refusal = refusal;
        }

        public Refusal refusal() {
            return refusal;
        }
    }
}
