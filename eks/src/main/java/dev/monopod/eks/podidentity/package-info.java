/// EKS Pod Identity: which service accounts' pods act as which roles, and the credentials that such
/// a pod gets by way of its host's agent. Knows `sts` and `identity`.
@NullMarked
package dev.monopod.eks.podidentity;

import org.jspecify.annotations.NullMarked;
