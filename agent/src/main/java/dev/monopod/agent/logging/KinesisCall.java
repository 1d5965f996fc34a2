package dev.monopod.agent.logging;

import dev.monopod.logging.output.StreamOutput;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkSystemSetting;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;

/// PutRecords of Kinesis Data Streams. Source: its API reference and quotas.
final class KinesisCall implements StreamCall {
    private static final Bounds BOUNDS = new Bounds(500, 5 << 20, 1 << 20);

    private final String stream;
    private final LogCredentials credentials;
    private final KinesisClient client;

    KinesisCall(StreamOutput output) {
        this.stream = output.name();
        // AWS takes CBOR and JSON, its stand-ins JSON alone. A client has no setting of its own.
        var setting = SdkSystemSetting.CBOR_ENABLED.property();
        if (System.getProperty(setting) == null) {
            System.setProperty(setting, "false");
        }
        this.credentials = LogCredentials.of(output.region(), output.role());
        this.client =
                LogCredentials.client(
                        KinesisClient.builder(), output.region(), output.endpoint(), credentials);
    }

    @Override
    public Bounds bounds() {
        return BOUNDS;
    }

    @Override
    public int size(Entry entry) {
        return entry.data().length + entry.partition().getBytes(StandardCharsets.UTF_8).length;
    }

    @Override
    public List<Optional<String>> put(List<Entry> entries) {
        var records =
                entries.stream()
                        .map(entry ->
                                PutRecordsRequestEntry.builder()
                                        .data(SdkBytes.fromByteArrayUnsafe(entry.data()))
                                        .partitionKey(entry.partition())
                                        .build())
                        .toList();
        var answer = client.putRecords(call -> call.streamName(stream).records(records));
        return answer.records().stream()
                .map(one -> StreamCall.error(one.errorCode(), one.errorMessage()))
                .toList();
    }

    @Override
    public void close() {
        client.close();
        credentials.close();
    }
}
