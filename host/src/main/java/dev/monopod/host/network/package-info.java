/// The host's side of each VPC: namespace, taps, nftables, routes. Knows no other room of the host.
@NullMarked
package dev.monopod.host.network;

import org.jspecify.annotations.NullMarked;
