/// Watches of the objects that load balancers are made of, for controller and agent, and whose each
/// address is. May use `kube.api` and the rules.
@NullMarked
package dev.monopod.loadbalancing.objects;

import org.jspecify.annotations.NullMarked;
