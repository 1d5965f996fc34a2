package dev.monopod.kube.client;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;

/// An answer of the API server that a caller may expect.
public enum ApiCode {
    /// There is no such object, or its kind is not served.
    NOT_FOUND(HttpURLConnection.HTTP_NOT_FOUND),

    /// The object exists already, has changed meanwhile, or is another one of that name.
    CONFLICT(HttpURLConnection.HTTP_CONFLICT);

    private final int number;

    ApiCode(int number) {
        this.number = number;
    }

    /// Whether the API server answered so.
    public boolean in(KubernetesClientException answer) {
        return answer.getCode() == number;
    }
}
