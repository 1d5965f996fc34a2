/// The Node that stands for a machine. Depends on the `kube` module only.
@NullMarked
package dev.monopod.controller.node;

import org.jspecify.annotations.NullMarked;
