/// Makes and tends virtual machines: the [Hypervisor] and its QEMU implementation. Depends on no
/// other package of the agent.
@NullMarked
package dev.monopod.agent.machine;

import org.jspecify.annotations.NullMarked;
