/// The life of VPCs, subnets, security groups and prefix lists: who uses them, what is free, when
/// they may go. Depends on `kube` and the cluster view.
@NullMarked
package dev.monopod.controller.network;

import org.jspecify.annotations.NullMarked;
