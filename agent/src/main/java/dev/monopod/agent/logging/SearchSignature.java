package dev.monopod.agent.logging;

import dev.monopod.logging.output.SearchOutput.Caller;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;

/// Signs requests to a domain of Amazon OpenSearch Service by Signature Version 4. Thread-safe.
final class SearchSignature implements AutoCloseable {
    /// The client writes these itself, the first as the signer does.
    private static final Set<String> OF_THE_CLIENT = headers("Host", "Content-Length");

    private final Caller.Signer as;
    private final LogCredentials credentials;

    SearchSignature(Caller.Signer as) {
        this.as = as;
        this.credentials = LogCredentials.of(as.region(), as.role());
    }

    /// What a POST needs beside its type.
    ///
    /// @throws IOException if there are no credentials
    Map<String, String> headers(URI uri, String type, String body) throws IOException {
        try {
            var signed =
                    AwsV4HttpSigner.create()
                            .sign(request ->
                                    request.identity(credentials.resolveCredentials())
                                            .request(
                                                    SdkHttpRequest.builder()
                                                            .uri(uri)
                                                            .method(SdkHttpMethod.POST)
                                                            .putHeader("Content-Type", type)
                                                            .build())
                                            .payload(
                                                    ContentStreamProvider.fromByteArray(
                                                            body.getBytes(StandardCharsets.UTF_8)))
                                            .putProperty(
                                                    AwsV4HttpSigner.SERVICE_SIGNING_NAME,
                                                    as.service())
                                            .putProperty(AwsV4HttpSigner.REGION_NAME, as.region()))
                            .request();
            var headers = new LinkedHashMap<String, String>();
            signed.forEachHeader((name, values) -> {
                if (!OF_THE_CLIENT.contains(name) && !name.equalsIgnoreCase("Content-Type")) {
                    headers.put(name, values.getFirst());
                }
            });
            return headers;
        } catch (SdkException failure) {
            throw new IOException("not signed: " + failure.getMessage(), failure);
        }
    }

    private static Set<String> headers(String... names) {
        var all = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        all.addAll(Set.of(names));
        return all;
    }

    @Override
    public void close() {
        credentials.close();
    }
}
