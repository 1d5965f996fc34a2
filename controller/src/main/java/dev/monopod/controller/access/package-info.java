/// Gives each host the rights that its own pods need, and no others. Depends on the `kube` module
/// and [dev.monopod.controller.ClusterView] only.
@NullMarked
package dev.monopod.controller.access;

import org.jspecify.annotations.NullMarked;
