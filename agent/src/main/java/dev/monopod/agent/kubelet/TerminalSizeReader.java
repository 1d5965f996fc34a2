package dev.monopod.agent.kubelet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.monopod.agent.kubelet.KubeletPods.TerminalSizes;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads `{"Width":80,"Height":24}` one after the other from a resize stream. For one thread.
final class TerminalSizeReader implements TerminalSizes {
    private static final JsonMapper MAPPER = new JsonMapper();

    private final InputStream input;
    private @Nullable MappingIterator<JsonNode> values;

    TerminalSizeReader(InputStream input) {
        this.input = input;
    }

    @Override
    public Optional<Size> next() throws InterruptedException {
        try {
            if (values == null) {
                values = MAPPER.readerFor(JsonNode.class).readValues(input);
            }
            if (!values.hasNextValue()) {
                return Optional.empty();
            }
            var value = values.nextValue();
            return Optional.of(new Size(value.path("Width").asInt(), value.path("Height").asInt()));
        } catch (IOException _) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            // A client that has gone or that sends nonsense resizes no more.
            return Optional.empty();
        }
    }
}
