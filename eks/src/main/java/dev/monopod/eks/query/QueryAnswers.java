package dev.monopod.eks.query;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.monopod.eks.wire.ApiResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// Answers of a service that speaks the query protocol.
///
/// @param namespace of its XML
public record QueryAnswers(String namespace) {
    /// An answer with XML.
    ///
    /// @param result of the operation, such as `GetCallerIdentityResult`
    public ApiResponse xml(String action, String requestId, Element result) {
        return xml(
                200,
                Element.of(
                        action + "Response",
                        result,
                        Element.of("ResponseMetadata", Element.of("RequestId", requestId))));
    }

    /// The same with JSON, whose shape is that of the XML.
    public ApiResponse json(String action, String requestId, Element result) {
        var nodes = JsonNodeFactory.instance;
        var response = nodes.objectNode();
        response.set(result.name(), json(result));
        response.set("ResponseMetadata", nodes.objectNode().put("RequestId", requestId));
        return json(200, nodes.objectNode().set(action + "Response", response));
    }

    /// An error, with XML.
    public ApiResponse error(QueryException error, String requestId) {
        return xml(
                error.status(),
                Element.of(
                        "ErrorResponse",
                        Element.of(
                                "Error",
                                Element.of("Type", type(error)),
                                Element.of("Code", error.code()),
                                Element.of("Message", error.words())),
                        Element.of("RequestId", requestId)));
    }

    /// An error, with JSON.
    public ApiResponse jsonError(QueryException error, String requestId) {
        var nodes = JsonNodeFactory.instance;
        var body = nodes.objectNode();
        body.set(
                "Error",
                nodes.objectNode()
                        .put("Type", type(error))
                        .put("Code", error.code())
                        .put("Message", error.words()));
        return json(error.status(), body.put("RequestId", requestId));
    }

    private ApiResponse xml(int status, Element root) {
        var xml = root.xml(" xmlns=\"%s\"".formatted(namespace));
        return new ApiResponse(
                status, Map.of("Content-Type", "text/xml"), xml.getBytes(StandardCharsets.UTF_8));
    }

    private static ApiResponse json(int status, JsonNode body) {
        return new ApiResponse(
                status,
                Map.of("Content-Type", "application/json"),
                body.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static JsonNode json(Element element) {
        var nodes = JsonNodeFactory.instance;
        if (element.children().isEmpty()) {
            return nodes.textNode(element.text());
        }
        var object = nodes.objectNode();
        element.children().forEach(child -> object.set(child.name(), json(child)));
        return object;
    }

    private static String type(QueryException error) {
        return error.status() < 500 ? "Sender" : "Receiver";
    }
}
