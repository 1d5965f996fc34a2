/// Gives addresses to the objects that ask for a load balancer, and writes their status. May use
/// `kube` and the controller's view of the cluster.
@NullMarked
package dev.monopod.controller.loadbalancing;

import org.jspecify.annotations.NullMarked;
