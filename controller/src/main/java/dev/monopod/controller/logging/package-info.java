/// The ConfigMap that configures logging, as the API server has it. Depends on `kube` and
/// `logging`.
@NullMarked
package dev.monopod.controller.logging;

import org.jspecify.annotations.NullMarked;
