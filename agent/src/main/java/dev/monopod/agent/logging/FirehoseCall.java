package dev.monopod.agent.logging;

import dev.monopod.logging.output.StreamOutput;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.firehose.FirehoseClient;
import software.amazon.awssdk.services.firehose.model.Record;

/// PutRecordBatch of Amazon Data Firehose. Source: its API reference and quotas.
final class FirehoseCall implements StreamCall {
    private static final Bounds BOUNDS = new Bounds(500, 4 << 20, 1000 << 10);

    private final String stream;
    private final LogCredentials credentials;
    private final FirehoseClient client;

    FirehoseCall(StreamOutput output) {
        this.stream = output.name();
        this.credentials = LogCredentials.of(output.region(), output.role());
        this.client =
                LogCredentials.client(
                        FirehoseClient.builder(), output.region(), output.endpoint(), credentials);
    }

    @Override
    public Bounds bounds() {
        return BOUNDS;
    }

    @Override
    public int size(Entry entry) {
        return entry.data().length;
    }

    @Override
    public List<Optional<String>> put(List<Entry> entries) {
        var records =
                entries.stream()
                        .map(entry ->
                                Record.builder()
                                        .data(SdkBytes.fromByteArrayUnsafe(entry.data()))
                                        .build())
                        .toList();
        var answer =
                client.putRecordBatch(call -> call.deliveryStreamName(stream).records(records));
        return answer.requestResponses().stream()
                .map(one -> StreamCall.error(one.errorCode(), one.errorMessage()))
                .toList();
    }

    @Override
    public void close() {
        client.close();
        credentials.close();
    }
}
