/// The pods of this host, in rooms by concern. Each arrow is what a room may use; there is no other
/// way between them, and no cycle.
///
/// ```
/// worker → resize, container, volume, pull, status, log → scope → life → spec → api
/// ```
///
/// May use `host`, `kube` and `model`.
@NullMarked
package dev.monopod.agent.pod;

import org.jspecify.annotations.NullMarked;
