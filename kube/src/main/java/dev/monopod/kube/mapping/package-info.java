/// From Kubernetes' objects to the model's plain data. No I/O. Depends on the model and on API
/// classes.
@NullMarked
package dev.monopod.kube.mapping;

import org.jspecify.annotations.NullMarked;
