/// AWS' side of Monopod: the APIs that unchanged tools for EKS call, and who may call them.
@NullMarked
package dev.monopod.eks;

import org.jspecify.annotations.NullMarked;
