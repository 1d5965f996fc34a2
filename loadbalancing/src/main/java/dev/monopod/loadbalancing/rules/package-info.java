/// What load balancers there are, from the objects of the Kubernetes API: listeners, rules, back
/// ends and the pods they send to; and what changes between two such states. Pure. Depends on
/// Kubernetes' data classes only.
@NullMarked
package dev.monopod.loadbalancing.rules;

import org.jspecify.annotations.NullMarked;
