package dev.monopod.agent.logging;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;

/// A call that puts records on a stream. Thread-safe.
interface StreamCall extends AutoCloseable {
    Duration CONNECT = Duration.ofSeconds(5);
    Duration ANSWER = Duration.ofSeconds(20);

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

    /// What clients of both services have in common. Credentials are those of the agent's process,
    /// as AWS' SDK finds them.
    static <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> C client(
            B builder, String region, Optional<String> endpoint) {
        builder.region(Region.of(region))
                .httpClientBuilder(
                        UrlConnectionHttpClient.builder()
                                .connectionTimeout(CONNECT)
                                .socketTimeout(ANSWER))
                .overrideConfiguration(settings -> settings.apiCallTimeout(ANSWER));
        endpoint.map(one -> URI.create(one.contains("://") ? one : "https://" + one))
                .ifPresent(builder::endpointOverride);
        return builder.build();
    }
}
