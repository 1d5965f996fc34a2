package dev.monopod.agent.pod.status;

import dev.monopod.protocol.guest.ContainerUser;
import java.util.Map;

/// What a status needs besides the state.
///
/// @param imageIds by container name, as far as resolved
/// @param users who the containers run as, by name, as far as the guest has told
/// @param generation of the pod's specification that the state follows
public record PodFacts(
        String podAddress,
        String hostAddress,
        Map<String, String> imageIds,
        Map<String, ContainerUser> users,
        long generation) {
    public PodFacts {
        imageIds = Map.copyOf(imageIds);
        users = Map.copyOf(users);
    }
}
