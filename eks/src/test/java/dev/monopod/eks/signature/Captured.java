package dev.monopod.eks.signature;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// A request as it was on the wire, and what to call it.
record Captured(String name, ApiRequest request) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// Of a file of lines of JSON beside this class.
    static Stream<Captured> of(String file) {
        try (var stream = Captured.class.getResourceAsStream(file)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(Captured::read);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Captured read(String line) {
        try {
            var node = JSON.readTree(line);
            var target = node.get("p").asText().split("\\?", 2);
            var name = node.path("name").asText(node.get("m").asText() + " " + target[0]);
            return new Captured(
                    name,
                    new ApiRequest(
                            node.get("m").asText(),
                            target[0],
                            target.length == 2 ? target[1] : "",
                            headers(node.get("h")),
                            node.get("b").asText().getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Header> headers(JsonNode node) {
        List<Header> headers = new ArrayList<>();
        if (node.isArray()) {
            node.forEach(each -> headers.add(header(each.get(0), each.get(1))));
        } else {
            node.properties()
                    .forEach(each ->
                            headers.add(new Header(each.getKey(), each.getValue().asText())));
        }
        return headers;
    }

    private static Header header(JsonNode name, JsonNode value) {
        return new Header(name.asText(), value.asText());
    }

    @Override
    public String toString() {
        return name;
    }
}
