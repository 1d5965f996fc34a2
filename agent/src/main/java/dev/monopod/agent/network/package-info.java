/// The host's side of each VPC: namespace, taps, nftables, routes. Depends on no other package of
/// the agent.
@NullMarked
package dev.monopod.agent.network;

import org.jspecify.annotations.NullMarked;
