package dev.monopod.logging.output;

import dev.monopod.logging.record.LogRecord;
import java.util.List;
import java.util.SequencedMap;

/// An output that posts records as JSON, many in a request.
public sealed interface HttpOutput extends Output permits LokiOutput, OtlpOutput, SplunkOutput {
    /// Of a record in a request.
    ///
    /// @param group those with the same stand together
    /// @param text JSON
    record Piece(String group, String text) {}

    Endpoint endpoint();

    /// Nanoseconds since 1970, which are too many for a number of JSON.
    static String nanos(LogRecord record) {
        return "%d%09d".formatted(record.time().getEpochSecond(), record.time().getNano());
    }

    Piece piece(LogRecord record);

    /// The body of a request.
    ///
    /// @param pieces by group, in the order of their records
    String body(SequencedMap<String, List<String>> pieces);

    /// How many records of a request that was taken were refused all the same, by its answer.
    ///
    /// @param answer its beginning
    default Refusal refusal(String answer) {
        return Refusal.NONE;
    }

    /// @param records how many
    record Refusal(int records, String why) {
        static final Refusal NONE = new Refusal(0, "");
    }
}
