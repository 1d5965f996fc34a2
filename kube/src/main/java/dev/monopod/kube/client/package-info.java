/// The API server in one hand: one recorder of events, one way to write conditions, finalizers and
/// patches, one way to let an expected answer pass, and one watch for each kind. May use the
/// Kubernetes client and `kube.watch`.
@NullMarked
package dev.monopod.kube.client;

import org.jspecify.annotations.NullMarked;
