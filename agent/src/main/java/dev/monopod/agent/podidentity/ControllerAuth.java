package dev.monopod.agent.podidentity;

import dev.monopod.model.names.Defaults;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The controller beside the API server, by the TLS of the agent's own client: it trusts the
/// cluster's authority, and shows this host's certificate. A few calls at a time, whatever pods
/// ask.
final class ControllerAuth implements EksAuth {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int MOST_CALLS = 16;

    private final KubernetesClient client;
    private final Semaphore calls = new Semaphore(MOST_CALLS);

    ControllerAuth(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public Answer post(String path, Map<String, String> headers, byte[] body) throws IOException {
        try {
            if (!calls.tryAcquire(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException("%d calls are under way already".formatted(MOST_CALLS));
            }
            try {
                return posted(path, headers, body);
            } finally {
                calls.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private Answer posted(String path, Map<String, String> headers, byte[] body)
            throws IOException, InterruptedException {
        var http = client.getHttpClient();
        var type = Objects.requireNonNullElse(headers.get("content-type"), "application/json");
        HttpRequest.Builder request = http.newHttpRequestBuilder().uri(uri(path)).post(type, body);
        headers.forEach((name, value) -> {
            if (!name.equals("content-type")) {
                request.header(name, value);
            }
        });
        try {
            var response =
                    http.sendAsync(request.build(), byte[].class)
                            .get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            return new Answer(
                    response.code(),
                    Objects.requireNonNullElse(response.header("Content-Type"), "text/plain"),
                    Objects.requireNonNullElse(response.body(), new byte[0]));
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("no answer within %s".formatted(LIMIT), e);
        }
    }

    private URI uri(String path) throws IOException {
        try {
            return new URI(
                    "https",
                    null,
                    client.getMasterUrl().getHost(),
                    Defaults.EKS_AUTH_PORT,
                    path,
                    null,
                    null);
        } catch (URISyntaxException e) {
            throw new IOException("no path: " + path, e);
        }
    }
}
