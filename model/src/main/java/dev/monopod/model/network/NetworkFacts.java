package dev.monopod.model.network;

import java.util.List;
import java.util.Map;

/// All that decides which packets pass in a VPC.
///
/// @param groups security groups by name
/// @param policies NetworkPolicies of all namespaces
/// @param namespaces labels of each
/// @param pods of all hosts, and of ordinary nodes
/// @param members by group: interfaces other than pods (hosts, ordinary nodes, load balancers)
/// @param routes by subnet: an EGRESS set of where its routes lead
/// @param hosts addresses of hosts, which no NetworkPolicy shuts out
public record NetworkFacts(
        Map<String, RuleSet> groups,
        List<Policy> policies,
        Map<String, Map<String, String>> namespaces,
        List<PodInterface> pods,
        Map<String, List<Cidr>> members,
        Map<String, RuleSet> routes,
        List<Cidr> hosts) {
    /// A NetworkPolicy and the pods that it applies to.
    public record Policy(String namespace, LabelQuery pods, RuleSet rules) {
        boolean selects(PodInterface pod) {
            return namespace.equals(pod.namespace()) && pods.matches(pod.labels());
        }
    }
}
