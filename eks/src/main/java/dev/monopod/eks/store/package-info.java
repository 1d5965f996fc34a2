/// Where the objects of AWS' APIs are kept that Kubernetes has no kind for.
@NullMarked
package dev.monopod.eks.store;

import org.jspecify.annotations.NullMarked;
