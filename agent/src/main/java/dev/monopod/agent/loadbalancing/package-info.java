/// The load balancers that this host serves: HAProxy, told by the objects of the Kubernetes API.
/// May use `agent.network`.
@NullMarked
package dev.monopod.agent.loadbalancing;

import org.jspecify.annotations.NullMarked;
