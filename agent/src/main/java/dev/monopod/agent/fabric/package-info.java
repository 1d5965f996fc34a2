/// What of the VPCs lies on other hosts: from the API's objects to the links between the routers.
/// Depends on `kube`, `model`, `agent.firewall` and `agent.network`.
@NullMarked
package dev.monopod.agent.fabric;

import org.jspecify.annotations.NullMarked;
