/// Access to the API server: client, CRDs, informers. Depends on the model.
@NullMarked
package dev.monopod.kube;

import org.jspecify.annotations.NullMarked;
