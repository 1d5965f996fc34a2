package dev.monopod.eks.authorization;

import java.util.List;
import java.util.Map;

/// Whether a user of Kubernetes has a right.
public interface Rights {
    /// Who asks, as the API server would know them.
    record Subject(
            String username, String uid, List<String> groups, Map<String, List<String>> extra) {
        public Subject {
            groups = List.copyOf(groups);
            extra = Map.copyOf(extra);
        }
    }

    /// @throws io.fabric8.kubernetes.client.KubernetesClientException if nobody can tell
    boolean has(Subject subject, Action.Attributes attributes);
}
