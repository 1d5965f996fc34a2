/// Makes and tends virtual machines: the [Hypervisor] and its QEMU implementation. Knows no other
/// room of the host.
@NullMarked
package dev.monopod.host.machine;

import org.jspecify.annotations.NullMarked;
