/// The fargate-scheduler: gives each pod of a profile a host, an address and a machine. Depends on
/// `node`, on what `admission` knows of IAM roles, and on the `kube` module.
@NullMarked
package dev.monopod.controller.scheduling;

import org.jspecify.annotations.NullMarked;
