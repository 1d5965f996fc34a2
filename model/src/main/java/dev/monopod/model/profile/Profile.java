package dev.monopod.model.profile;

import java.util.List;
import java.util.Map;

/// A Fargate profile as the rules see it.
public record Profile(
        String name,
        List<Selector> selectors,
        List<String> subnets,
        UnsupportedPods unsupportedPods) {
    public Profile {
        selectors = List.copyOf(selectors);
        subnets = List.copyOf(subnets);
    }

    /// Whether any selector matches.
    public boolean matches(String namespace, Map<String, String> labels) {
        return selectors.stream().anyMatch(selector -> selector.matches(namespace, labels));
    }

    /// What happens to a pod that the profile selects but Fargate excludes.
    public enum UnsupportedPods {
        /// Refused at creation, with the reason and the remedy.
        REJECT,
        /// Stays Pending with an event, as in EKS.
        PENDING
    }
}
