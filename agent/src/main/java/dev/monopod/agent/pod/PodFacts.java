package dev.monopod.agent.pod;

import java.util.Map;

/// What a status needs besides the state.
///
/// @param imageIds by container name, as far as resolved
record PodFacts(String podAddress, String hostAddress, Map<String, String> imageIds) {
    PodFacts {
        imageIds = Map.copyOf(imageIds);
    }
}
