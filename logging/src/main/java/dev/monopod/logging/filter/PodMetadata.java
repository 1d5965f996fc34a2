package dev.monopod.logging.filter;

import java.util.Map;

/// What filter `kubernetes` adds, of the container that a record is of.
///
/// @param host name of the pod's Node
/// @param image as its pod names it
/// @param imageHash the image's reference by digest; empty while it is not known
public record PodMetadata(
        Identity pod,
        Map<String, String> labels,
        Map<String, String> annotations,
        String host,
        String container,
        String image,
        String imageHash) {
    /// @param address of the pod
    public record Identity(String namespace, String name, String uid, String address) {}

    public PodMetadata {
        labels = Map.copyOf(labels);
        annotations = Map.copyOf(annotations);
    }
}
