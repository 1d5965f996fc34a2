package dev.monopod.agent.logging;

import dev.monopod.logging.record.LogRecord;
import java.io.IOException;
import java.util.List;

/// Who takes records. Blocks for at most half a minute. Thread-safe.
interface Sink extends AutoCloseable {
    int LONGEST_REASON = 200;

    /// What became of a batch.
    ///
    /// @param again were not taken now, and may be later
    /// @param refused how many never will be
    /// @param why of the first of either; empty if all were taken
    record Outcome(List<LogRecord> again, int refused, String why) {
        static final Outcome TAKEN = new Outcome(List.of(), 0, "");

        public Outcome {
            again = List.copyOf(again);
        }
    }

    /// @param records of one pod
    /// @throws IOException when it is not known that any was taken; all are sent again
    Outcome send(List<LogRecord> records) throws IOException, InterruptedException;

    /// What a server says, for messages.
    static String shortened(String text) {
        return text.length() <= LONGEST_REASON ? text : text.substring(0, LONGEST_REASON) + "…";
    }

    /// For messages: the output and where it is.
    String name();

    @Override
    void close();
}
