package dev.monopod.agent.logging;

import dev.monopod.agent.logging.Checkpoints.Source;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells, and counts, what of a pod's log does not reach an output. Of one thread.
final class Losses {
    private static final Logger LOG = LoggerFactory.getLogger(Losses.class);

    /// A failure that is over sooner is no news.
    private static final int FAILURES = 3;

    private final String pod;
    private final BiConsumer<String, String> warning;
    private long bytes;
    private long records;
    private int failures;

    /// @param pod for messages
    /// @param warning tells users of the pod: a reason, and a message
    Losses(String pod, BiConsumer<String, String> warning) {
        this.pod = pod;
        this.warning = warning;
    }

    /// The host keeps five files of 10 MiB of each attempt; what was older went before it was sent.
    void lost(Source source, long lostBytes) {
        bytes += lostBytes;
        LOG.warn(
                "{}: {} bytes of the log of {}, attempt {}, went before they were sent; {} in all",
                pod,
                lostBytes,
                source.container(),
                source.attempt(),
                bytes);
        warning.accept(
                "LogLost",
                "Part of the log of container %s was removed before it could be sent to its output: the output was away too long, or the container writes faster than it takes"
                        .formatted(source.container()));
    }

    void refused(Source source, int count, String sink, String why) {
        records += count;
        LOG.warn(
                "{}: {} refused {} records of container {}: {}; {} in all",
                pod,
                sink,
                count,
                source.container(),
                why,
                records);
        warning.accept(
                "LogRefused",
                "Output %s refused records of container %s for good"
                        .formatted(sink, source.container()));
    }

    /// A pass could not send.
    void failed(String why) {
        if (++failures == FAILURES) {
            warning.accept(
                    "LogDeliveryFailed",
                    "Failed to send the log to output %s. It stays on the host, within its bounds, and is sent when the output takes it"
                            .formatted(why));
        }
    }

    void succeeded() {
        failures = 0;
    }

    /// Bytes that nobody can send any more.
    long lostBytes() {
        return bytes;
    }
}
