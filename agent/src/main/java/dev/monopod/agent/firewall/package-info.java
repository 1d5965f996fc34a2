/// Security groups and NetworkPolicies of the pods on this host: from the API's objects to the
/// rules of each VPC's router. Depends on `kube`, `model` and `agent.network`.
@NullMarked
package dev.monopod.agent.firewall;

import org.jspecify.annotations.NullMarked;
