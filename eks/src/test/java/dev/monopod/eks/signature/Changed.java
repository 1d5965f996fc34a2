package dev.monopod.eks.signature;

import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/// A request with something changed, as by somebody between its client and us.
final class Changed {
    private Changed() {}

    static ApiRequest method(ApiRequest request, String method) {
        return new ApiRequest(
                method, request.path(), request.query(), request.headers(), request.body());
    }

    static ApiRequest path(ApiRequest request, String path) {
        return new ApiRequest(
                request.method(), path, request.query(), request.headers(), request.body());
    }

    static ApiRequest query(ApiRequest request, String query) {
        return new ApiRequest(
                request.method(), request.path(), query, request.headers(), request.body());
    }

    static ApiRequest body(ApiRequest request, byte[] body) {
        return new ApiRequest(
                request.method(), request.path(), request.query(), request.headers(), body);
    }

    static ApiRequest header(ApiRequest request, String name, UnaryOperator<String> change) {
        return headers(
                request,
                request.headers().stream()
                        .map(header ->
                                header.name().equalsIgnoreCase(name)
                                        ? new Header(header.name(), change.apply(header.value()))
                                        : header)
                        .toList());
    }

    static ApiRequest with(ApiRequest request, String name, String value) {
        List<Header> headers = new ArrayList<>(request.headers());
        headers.add(new Header(name, value));
        return headers(request, headers);
    }

    static ApiRequest without(ApiRequest request, String name) {
        return headers(
                request,
                request.headers().stream()
                        .filter(header -> !header.name().equalsIgnoreCase(name))
                        .toList());
    }

    static ApiRequest headers(ApiRequest request, List<Header> headers) {
        return new ApiRequest(
                request.method(), request.path(), request.query(), headers, request.body());
    }

    /// The text with the last bit of one of its characters turned.
    static String flip(String text, int index) {
        var characters = text.toCharArray();
        characters[index] ^= 1;
        return new String(characters);
    }

    static byte[] flip(byte[] bytes, int index) {
        var copy = Arrays.copyOf(bytes, bytes.length);
        copy[index] ^= 1;
        return copy;
    }
}
