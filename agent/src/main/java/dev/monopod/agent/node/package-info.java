/// The Node that stands for each machine, and its Lease. Depends on the pod package's view of
/// Nodes only.
@NullMarked
package dev.monopod.agent.node;

import org.jspecify.annotations.NullMarked;
