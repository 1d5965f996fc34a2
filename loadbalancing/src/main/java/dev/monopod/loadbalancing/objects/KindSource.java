package dev.monopod.loadbalancing.objects;

import io.fabric8.kubernetes.api.model.HasMetadata;

/// Who keeps the objects: controller and agent, each by the watches that it has anyway.
public interface KindSource {
    /// Called for all kinds before any is there.
    <T extends HasMetadata> KeptKind<T> keep(WantedKind<T> kind);
}
