package dev.monopod.eks.wire;

import java.util.Map;

/// An answer.
///
/// @param headers beside the length, the date and the request's id, which the listener adds
public record ApiResponse(int status, Map<String, String> headers, byte[] body) {
    public ApiResponse {
        headers = Map.copyOf(headers);
    }
}
