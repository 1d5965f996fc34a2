package dev.monopod.controller.eks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.monopod.eks.access.TokenReviews;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers the API server, which asks whose a token is that it does not know itself. A fault of
/// ours is an error, never somebody.
final class TokenWebhook implements HttpHandler {
    private static final Logger LOG = LoggerFactory.getLogger(TokenWebhook.class);
    private static final int LARGEST_REVIEW_BYTES = 64 * 1024;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Function<JsonNode, TokenReviews.Answer> answers;

    TokenWebhook(Function<JsonNode, TokenReviews.Answer> answers) {
        this.answers = answers;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!exchange.getRequestMethod().equals("POST")) {
                exchange.sendResponseHeaders(HttpURLConnection.HTTP_BAD_METHOD, -1);
                return;
            }
            byte[] body;
            try (var input = exchange.getRequestBody()) {
                body = input.readNBytes(LARGEST_REVIEW_BYTES + 1);
            }
            if (body.length > LARGEST_REVIEW_BYTES) {
                exchange.sendResponseHeaders(HttpURLConnection.HTTP_ENTITY_TOO_LARGE, -1);
                return;
            }
            answer(exchange, body);
        }
    }

    private void answer(HttpExchange exchange, byte[] body) throws IOException {
        TokenReviews.Answer answer;
        try {
            answer = answers.apply(MAPPER.readTree(body));
        } catch (IOException malformed) {
            exchange.sendResponseHeaders(HttpURLConnection.HTTP_BAD_REQUEST, -1);
            return;
        } catch (RuntimeException fault) {
            LOG.warn("cannot tell whose a token is: {}", fault.getMessage(), fault);
            exchange.sendResponseHeaders(HttpURLConnection.HTTP_INTERNAL_ERROR, -1);
            return;
        }
        var error = answer.body().path("status").path("error");
        if (error.isTextual()) {
            LOG.info("a token is refused: {}", error.textValue());
        }
        var text = MAPPER.writeValueAsBytes(answer.body());
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(answer.status(), text.length);
        try (var output = exchange.getResponseBody()) {
            output.write(text);
        }
    }
}
