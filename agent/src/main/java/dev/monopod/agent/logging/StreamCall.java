package dev.monopod.agent.logging;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A call that puts records on a stream. Thread-safe.
interface StreamCall extends AutoCloseable {
    /// @param partition by which Kinesis chooses a shard
    record Entry(byte[] data, String partition) {}

    /// Of one call.
    ///
    /// @param entryBytes of a single entry
    record Bounds(int entries, int bytes, int entryBytes) {}

    Bounds bounds();

    /// As the bounds count it.
    int size(Entry entry);

    /// Returns for each entry the code and words of its error; empty: it was taken.
    ///
    /// @param entries within the bounds
    /// @throws software.amazon.awssdk.core.exception.SdkException if none was taken, or it is not
    ///   known
    List<Optional<String>> put(List<Entry> entries);

    @Override
    void close();

    /// @param code of an entry's error; null: it was taken
    static Optional<String> error(@Nullable String code, @Nullable String message) {
        return Optional.ofNullable(code).map(known -> known + ": " + message);
    }
}
