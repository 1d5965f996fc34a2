/// Removes Machines, Nodes and Leases whose pod is gone. Depends on the `kube` module only.
@NullMarked
package dev.monopod.controller.machine;

import org.jspecify.annotations.NullMarked;
