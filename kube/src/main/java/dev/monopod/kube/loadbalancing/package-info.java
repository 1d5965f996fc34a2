/// Watches of the objects that load balancers are made of, for controller and agent, and the
/// addresses that they have. May use `kube.api` and the model.
@NullMarked
package dev.monopod.kube.loadbalancing;

import org.jspecify.annotations.NullMarked;
