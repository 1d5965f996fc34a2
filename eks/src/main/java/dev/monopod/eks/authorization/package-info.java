/// What a caller may ask of EKS: what Kubernetes lets the user do that the caller is there.
@NullMarked
package dev.monopod.eks.authorization;

import org.jspecify.annotations.NullMarked;
